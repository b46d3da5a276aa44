"""The opportunities of Marine and Ports."""

from db.sample_data.declared.accounts import FERRIES, NORTHREACH, PORT, TERMINAL
from db.sample_data.declared.spec import (
    Close,
    ContractingUnit,
    Opportunity,
    active,
    canceled,
    draft,
    fixed_price,
    lost,
    product,
    revised,
    sent,
    time_and_material,
    won,
)
from db.sample_data.declared.users import MARA, PRIYA

_SURVEY = time_and_material("Structural survey and design", 620, 118, limit=80_000, budget=75_000)
_DRIVES = product("Variable-frequency drive, 250 kW", 8, 41_250)
_ANTI_SWAY = product("Anti-sway sensor set", 4, "17890.50")

_CRANE_RETROFIT = Opportunity(
    name="Harbour crane retrofit",
    account=PORT,
    owner=MARA,
    created_days_ago=74,
    due_in_days=21,
    estimated_revenue=1_240_000,
    description="Four cranes of 1994 get new drives, brakes and controls, one crane at a time.",
    quotes=(
        revised(
            number=1042,
            name="Full retrofit of four cranes",
            created_days_ago=60,
            closed_days_ago=31,
            lines=(_SURVEY, fixed_price("Drive and brake replacement", 684_000, budget=650_000), _DRIVES),
        ),
        active(
            number=1042,
            revision=1,
            name="Full retrofit of four cranes",
            created_days_ago=31,
            lines=(
                _SURVEY,
                fixed_price("Drive and brake replacement", 652_000, budget=650_000),
                _DRIVES,
                _ANTI_SWAY,
            ),
        ),
        sent(
            number=1043,
            name="Drives and controls only",
            created_days_ago=28,
            lines=(
                _DRIVES,
                time_and_material("Commissioning on site", 480, "104.50", limit=60_000),
            ),
        ),
        draft(
            number=1044,
            name="Ten-year maintenance plan",
            created_days_ago=9,
            lines=(
                fixed_price("Yearly inspection, ten years", 215_000),
                time_and_material("Repairs on call", 900, 96, budget=90_000),
            ),
        ),
    ),
)

MARINE = ContractingUnit(
    "Marine and Ports",
    "EUR",
    (
        _CRANE_RETROFIT,
        Opportunity(
            name="Quay wall fender monitoring",
            account=PORT,
            owner=PRIYA,
            created_days_ago=40,
            due_in_days=50,
            estimated_revenue=96_000,
            quotes=(
                active(
                    number=1058,
                    name="Sixty fenders with sensors",
                    created_days_ago=22,
                    lines=(
                        product("Fender load sensor", 60, 845),
                        fixed_price("Installation by divers", 38_500, budget=36_000),
                    ),
                ),
                draft(
                    number=1059,
                    name="Pilot on berth 3",
                    created_days_ago=20,
                    lines=(
                        product("Fender load sensor", 12, 890),
                        time_and_material("Installation by divers", 64, 135),
                    ),
                ),
            ),
        ),
        Opportunity(
            name="Container yard lighting upgrade",
            account=TERMINAL,
            owner=MARA,
            created_days_ago=130,
            due_in_days=-60,
            estimated_revenue=310_000,
            quotes=(
                won(
                    number=1019,
                    name="LED masts with dimming",
                    created_days_ago=110,
                    closed_days_ago=62,
                    lines=(
                        product("LED mast head, 12 lamps", 46, "4120.00"),
                        fixed_price("Mast refit and cabling", 118_000, budget=120_000),
                    ),
                ),
                lost(
                    number=1020,
                    name="LED masts without dimming",
                    created_days_ago=105,
                    closed_days_ago=62,
                    lines=(
                        product("LED mast head, 12 lamps", 46, "3780.00"),
                        fixed_price("Mast refit and cabling", 97_000),
                    ),
                ),
            ),
            closes=(Close("Won", 60, description="Work begins with the northern stacks."),),
        ),
        Opportunity(
            name="Gantry simulator for operators",
            account=TERMINAL,
            owner=PRIYA,
            created_days_ago=95,
            due_in_days=120,
            estimated_revenue=180_000,
            status_reason="On Hold",
            description="Waits for the terminal's training budget.",
            quotes=(
                active(
                    number=1027,
                    name="Simulator with two seats",
                    created_days_ago=88,
                    valid_days=45,
                    lines=(
                        product("Simulator cabin", 2, 54_000),
                        time_and_material("Modelling of the yard", 560, 112, limit=70_000, budget=65_000),
                    ),
                ),
            ),
        ),
        Opportunity(
            name="Berth 7 shore power",
            account=PORT,
            owner=MARA,
            created_days_ago=210,
            due_in_days=-150,
            estimated_revenue=870_000,
            quotes=(
                won(
                    number=1006,
                    name="Shore power, 6.6 kV",
                    created_days_ago=190,
                    closed_days_ago=155,
                    lines=(
                        product("Converter station, 4 MVA", 1, 498_000),
                        fixed_price("Civil works and cabling", 286_500),
                        time_and_material("Grid connection study", 210, 125, limit=30_000),
                    ),
                ),
                canceled(
                    number=1007,
                    name="Shore power, low voltage",
                    created_days_ago=188,
                    closed_days_ago=170,
                    lines=(product("Converter station, 1 MVA", 2, 176_000),),
                ),
            ),
            closes=(Close("Won", 150),),
        ),
        Opportunity(
            name="Ferry ramp hydraulics overhaul",
            account=FERRIES,
            owner=PRIYA,
            created_days_ago=160,
            due_in_days=-75,
            estimated_revenue=245_000,
            quotes=(
                revised(
                    number=1014,
                    name="Overhaul of three ramps",
                    created_days_ago=145,
                    closed_days_ago=120,
                    lines=(fixed_price("Overhaul of a ramp's hydraulics", 246_000),),
                ),
                lost(
                    number=1014,
                    revision=1,
                    name="Overhaul of three ramps",
                    created_days_ago=120,
                    closed_days_ago=71,
                    lines=(fixed_price("Overhaul of a ramp's hydraulics", 231_000),),
                ),
            ),
            closes=(
                Close(
                    "Out-Sold",
                    70,
                    competitor=NORTHREACH,
                    description="They have a workshop in the ferry port and quoted two weeks less downtime.",
                ),
            ),
        ),
        Opportunity(
            name="Dredging control system",
            account=PORT,
            owner=MARA,
            created_days_ago=120,
            due_in_days=-30,
            estimated_revenue=420_000,
            quotes=(
                canceled(
                    number=1029,
                    name="Control system for two dredgers",
                    created_days_ago=85,
                    closed_days_ago=48,
                    lines=(
                        time_and_material("Software and commissioning", 1_900, 121, limit=240_000),
                        product("Dredge head sensor", 6, 12_400),
                    ),
                ),
            ),
            closes=(Close("Canceled", 48, description="The port postponed all dredging by two years."),),
        ),
        Opportunity(
            name="Breakwater wave radar",
            account=TERMINAL,
            owner=PRIYA,
            created_days_ago=6,
            due_in_days=90,
            estimated_revenue=65_000,
        ),
        Opportunity(
            name="Crane spare parts framework",
            account=TERMINAL,
            owner=PRIYA,
            created_days_ago=66,
            due_in_days=5,
            estimated_revenue=150_000,
            description="The quote is signed; the framework's paperwork is still to come.",
            quotes=(
                won(
                    number=1039,
                    name="Framework for two years",
                    created_days_ago=62,
                    closed_days_ago=4,
                    lines=(
                        product("Brake caliper kit", 24, "1985.00"),
                        product("Rope sheave", 80, "642.75"),
                        fixed_price("Storage and call-off", 41_500),
                    ),
                ),
                lost(
                    number=1040,
                    name="Parts on request",
                    created_days_ago=62,
                    closed_days_ago=4,
                    lines=(product("Brake caliper kit", 24, "2240.00"),),
                ),
            ),
        ),
    ),
)
