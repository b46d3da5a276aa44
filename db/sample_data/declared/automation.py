"""The opportunities of Industrial Automation."""

from db.sample_data.declared.accounts import LOGISTICS, PHARMA, RIVARO, TESSALY, VANTERA
from db.sample_data.declared.spec import (
    Close,
    ContractingUnit,
    Opportunity,
    active,
    draft,
    fixed_price,
    lost,
    product,
    revised,
    sent,
    time_and_material,
    won,
)
from db.sample_data.declared.users import ELENA, TOMAS

_CONTROLLER = product("Line controller with spare", 6, "8450.00")
_PANELS = product("Operator panel, 15 inch", 14, "1289.90")

_BOTTLING = Opportunity(
    name="Bottling line controls",
    account=VANTERA,
    owner=ELENA,
    created_days_ago=72,
    due_in_days=14,
    estimated_revenue=520_000,
    description="Six lines in three plants; the customer compares line by line, so each has a quote.",
    quotes=(
        revised(
            number=1045,
            name="Lines 1 and 2",
            created_days_ago=58,
            closed_days_ago=44,
            lines=(_CONTROLLER, fixed_price("Migration of two lines", 96_000)),
        ),
        revised(
            number=1045,
            revision=1,
            name="Lines 1 and 2",
            created_days_ago=44,
            closed_days_ago=19,
            lines=(_CONTROLLER, _PANELS, fixed_price("Migration of two lines", 96_000)),
        ),
        active(
            number=1045,
            revision=2,
            name="Lines 1 and 2",
            created_days_ago=19,
            lines=(_CONTROLLER, _PANELS, fixed_price("Migration of two lines", 91_500, budget=90_000)),
        ),
        active(
            number=1046,
            name="Line 3",
            created_days_ago=57,
            valid_days=90,
            lines=(fixed_price("Migration of one line", 52_000), product("Line controller", 2, 8_450)),
        ),
        active(
            number=1047,
            name="Line 4",
            created_days_ago=57,
            valid_days=90,
            lines=(fixed_price("Migration of one line", 54_500), product("Line controller", 2, 8_450)),
        ),
        sent(
            number=1048,
            name="Lines 5 and 6",
            created_days_ago=56,
            valid_days=90,
            lines=(time_and_material("Migration of two lines", 880, 114, limit=110_000, budget=100_000),),
        ),
        sent(
            number=1049,
            name="Recipe database",
            created_days_ago=55,
            valid_days=90,
            lines=(time_and_material("Software", 340, "118.50", limit=45_000),),
        ),
        active(
            number=1050,
            name="Training of the operators",
            created_days_ago=55,
            valid_days=30,
            lines=(fixed_price("Three courses of two days", 10_800),),
        ),
        draft(
            number=1051,
            name="Remote support, first year",
            created_days_ago=54,
            lines=(fixed_price("Support contract", 24_000, budget=20_000),),
        ),
        lost(
            number=1052,
            name="All lines at once",
            created_days_ago=53,
            closed_days_ago=40,
            lines=(
                fixed_price("Migration of six lines", 288_000, budget=270_000),
                product("Line controller", 12, 8_100),
            ),
        ),
    ),
)

AUTOMATION = ContractingUnit(
    "Industrial Automation",
    "EUR",
    (
        _BOTTLING,
        Opportunity(
            name="Warehouse robot cell",
            account=LOGISTICS,
            owner=TOMAS,
            created_days_ago=36,
            due_in_days=60,
            estimated_revenue=390_000,
            quotes=(
                active(
                    number=1060,
                    name="Cell with two robots",
                    created_days_ago=18,
                    lines=(
                        product("Six-axis robot, 210 kg", 2, 84_600),
                        fixed_price("Fencing and safety acceptance", 58_000),
                        time_and_material("Programming", 720, 109, limit=85_000, budget=80_000),
                    ),
                ),
            ),
        ),
        Opportunity(
            name="Paint shop ventilation",
            account=RIVARO,
            owner=ELENA,
            created_days_ago=175,
            due_in_days=-90,
            estimated_revenue=275_000,
            quotes=(
                lost(
                    number=1011,
                    name="Ventilation of three booths",
                    created_days_ago=160,
                    closed_days_ago=97,
                    lines=(
                        product("Air handling unit", 3, 61_200),
                        fixed_price("Ducts and balancing", 88_000),
                    ),
                ),
            ),
            closes=(Close("Out-Sold", 96, competitor=TESSALY),),
        ),
        Opportunity(
            name="Press line safety upgrade",
            account=RIVARO,
            owner=TOMAS,
            created_days_ago=140,
            due_in_days=-80,
            estimated_revenue=185_000,
            quotes=(
                won(
                    number=1022,
                    name="Light curtains and safe drives",
                    created_days_ago=108,
                    closed_days_ago=90,
                    lines=(
                        product("Safety light curtain", 18, "1430.00"),
                        fixed_price("Risk assessment and acceptance", 72_000, budget=75_000),
                        time_and_material("Rewiring during shutdown", 460, "97.50", limit=50_000),
                    ),
                ),
            ),
            closes=(Close("Won", 84),),
        ),
        Opportunity(
            name="Battery pack test bench",
            account=RIVARO,
            owner=ELENA,
            created_days_ago=33,
            due_in_days=45,
            estimated_revenue=610_000,
            quotes=(
                active(
                    number=1055,
                    name="Bench with four channels",
                    created_days_ago=25,
                    lines=(
                        product("Test channel, 500 kW", 4, 96_500),
                        time_and_material("Test sequences", 640, 116, limit=80_000),
                    ),
                ),
                sent(
                    number=1056,
                    name="Bench with two channels",
                    created_days_ago=24,
                    lines=(
                        product("Test channel, 500 kW", 2, 99_000),
                        time_and_material("Test sequences", 520, 116, limit=65_000),
                    ),
                ),
            ),
        ),
        Opportunity(
            name="Tablet press data capture",
            account=PHARMA,
            owner=TOMAS,
            created_days_ago=100,
            due_in_days=-40,
            estimated_revenue=84_000,
            quotes=(
                draft(
                    number=1033,
                    name="Extension to the packing hall",
                    created_days_ago=78,
                    lines=(time_and_material("Data capture", 180, 122),),
                ),
            ),
            closes=(Close("Won", 37, description="Ordered by the framework contract, without a quote."),),
        ),
        Opportunity(
            name="Clean room monitoring",
            account=PHARMA,
            owner=TOMAS,
            created_days_ago=92,
            due_in_days=30,
            estimated_revenue=132_000,
            quotes=(
                active(
                    number=1067,
                    name="Forty measuring points",
                    created_days_ago=12,
                    lines=(
                        product("Particle counter", 40, "1875.00"),
                        fixed_price("Qualification documents", 39_000, budget=42_000),
                    ),
                ),
            ),
            closes=(
                Close("Canceled", 45, description="No budget before the new plan year.", is_reopened=True),
            ),
        ),
        Opportunity(
            name="Cold store energy audit",
            account=VANTERA,
            owner=ELENA,
            created_days_ago=88,
            due_in_days=-30,
            estimated_revenue=38_000,
            quotes=(
                lost(
                    number=1034,
                    name="Audit of two cold stores",
                    created_days_ago=77,
                    closed_days_ago=30,
                    lines=(fixed_price("Audit with measurements", 36_500, budget=35_000),),
                ),
            ),
            closes=(
                Close("Budget Frozen", 30, description="All energy projects wait for the group's review."),
            ),
        ),
        Opportunity(
            name="Pallet tracking pilot",
            account=LOGISTICS,
            owner=TOMAS,
            created_days_ago=16,
            due_in_days=75,
            estimated_revenue=54_000,
            quotes=(
                draft(
                    number=1063,
                    name="Pilot in one hall",
                    created_days_ago=8,
                    lines=(
                        product("Gate with readers", 4, "3650.00"),
                        time_and_material("Integration", 210, 108, budget=25_000),
                    ),
                ),
            ),
        ),
        Opportunity(
            name="Palletiser replacement",
            account=VANTERA,
            owner=ELENA,
            created_days_ago=300,
            due_in_days=-200,
            estimated_revenue=220_000,
            quotes=(
                lost(
                    number=1003,
                    name="Palletiser with gripper",
                    created_days_ago=280,
                    closed_days_ago=190,
                    lines=(product("Palletiser", 1, 168_000), fixed_price("Installation", 44_000)),
                ),
            ),
            closes=(Close("Kept In-House", 190),),
        ),
    ),
)
