"""The opportunities of Nordic Delivery."""

from db.sample_data.declared.accounts import OAKHAVEN, PACKAGING, PAPER, STEEL, WIND
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
    time_and_material,
    won,
)
from db.sample_data.declared.users import JONAS, SOFIA

NORDIC = ContractingUnit(
    "Nordic Delivery",
    "SEK",
    (
        Opportunity(
            name="Paper machine 3 drive renewal",
            account=PAPER,
            owner=JONAS,
            created_days_ago=52,
            due_in_days=35,
            estimated_revenue=18_500_000,
            quotes=(
                revised(
                    number=1053,
                    name="Renewal in one shutdown",
                    created_days_ago=46,
                    closed_days_ago=23,
                    lines=(
                        product("Sectional drive, 400 kW", 11, 780_000),
                        fixed_price("Shutdown work, 14 days", 6_400_000),
                    ),
                ),
                active(
                    number=1053,
                    revision=1,
                    name="Renewal in two shutdowns",
                    created_days_ago=23,
                    lines=(
                        product("Sectional drive, 400 kW", 11, 780_000),
                        fixed_price("Shutdown work, 2 x 9 days", 7_150_000, budget=7_000_000),
                        time_and_material("Tuning", 600, 1_180, limit=800_000, budget=750_000),
                    ),
                ),
            ),
        ),
        Opportunity(
            name="Bark boiler control upgrade",
            account=PAPER,
            owner=JONAS,
            created_days_ago=230,
            due_in_days=-125,
            estimated_revenue=4_200_000,
            quotes=(
                won(
                    number=1004,
                    name="Controls and burner management",
                    created_days_ago=215,
                    closed_days_ago=131,
                    lines=(
                        fixed_price("Controls", 2_650_000, budget=2_700_000),
                        time_and_material("Commissioning", 940, "1145.50", limit=1_200_000),
                    ),
                ),
            ),
            closes=(Close("Won", 128),),
        ),
        Opportunity(
            name="Carton line inspection cameras",
            account=PACKAGING,
            owner=JONAS,
            created_days_ago=15,
            due_in_days=80,
            estimated_revenue=1_100_000,
            quotes=(
                draft(
                    number=1064,
                    name="Cameras on two lines",
                    created_days_ago=8,
                    lines=(product("Line camera with light", 8, "86400.00"),),
                ),
            ),
        ),
        Opportunity(
            name="Ladle crane load monitoring",
            account=STEEL,
            owner=SOFIA,
            created_days_ago=150,
            due_in_days=-60,
            estimated_revenue=2_900_000,
            quotes=(
                lost(
                    number=1017,
                    name="Monitoring of three cranes",
                    created_days_ago=130,
                    closed_days_ago=66,
                    lines=(
                        product("Load pin with transmitter", 24, "48750.00"),
                        fixed_price("Installation and calibration", 1_620_000),
                    ),
                ),
            ),
            closes=(
                Close(
                    "Out-Sold", 66, competitor=OAKHAVEN, description="A fifth cheaper, without calibration."
                ),
            ),
        ),
        Opportunity(
            name="Rolling mill gauge retrofit",
            account=STEEL,
            owner=SOFIA,
            created_days_ago=112,
            due_in_days=-20,
            estimated_revenue=3_600_000,
            quotes=(
                won(
                    number=1031,
                    name="Two gauges",
                    created_days_ago=80,
                    closed_days_ago=25,
                    lines=(
                        product("Thickness gauge", 2, 1_240_000),
                        time_and_material("Installation", 520, 1_160, limit=650_000, budget=600_000),
                    ),
                ),
                lost(
                    number=1032,
                    name="Three gauges",
                    created_days_ago=80,
                    closed_days_ago=25,
                    lines=(product("Thickness gauge", 3, 1_210_000),),
                ),
            ),
            closes=(Close("Won", 22),),
        ),
        Opportunity(
            name="Substation protection for the wind park",
            account=WIND,
            owner=SOFIA,
            created_days_ago=77,
            due_in_days=140,
            estimated_revenue=5_400_000,
            status_reason="On Hold",
            description="The permit is expected in the spring.",
            quotes=(
                draft(
                    number=1037,
                    name="Relays and settings",
                    created_days_ago=68,
                    lines=(
                        product("Protection relay", 18, "74500.00"),
                        time_and_material("Settings and tests", 880, 1_190, budget=1_000_000),
                    ),
                ),
            ),
        ),
        Opportunity(
            name="Nacelle lift inspection",
            account=WIND,
            owner=JONAS,
            created_days_ago=47,
            due_in_days=-10,
            estimated_revenue=640_000,
            quotes=(
                canceled(
                    number=1057,
                    name="Inspection of forty lifts",
                    created_days_ago=23,
                    closed_days_ago=15,
                    lines=(fixed_price("Inspection of a lift", 620_000),),
                ),
            ),
            closes=(Close("Canceled", 15, description="The park is being sold."),),
        ),
        Opportunity(
            name="Blade store fire detection",
            account=WIND,
            owner=SOFIA,
            created_days_ago=180,
            due_in_days=-70,
            estimated_revenue=1_850_000,
            quotes=(
                won(
                    number=1013,
                    name="Detection in two halls",
                    created_days_ago=150,
                    closed_days_ago=80,
                    lines=(
                        product("Aspirating smoke detector", 32, "28600.00"),
                        fixed_price("Installation", 790_000, budget=800_000),
                    ),
                ),
            ),
            closes=(
                Close(
                    "Won", 75, actual_revenue=1_905_000, description="Hall 3 counted in.", is_reopened=True
                ),
                Close("Won", 58, description="Corrected: hall 3 is a deal of its own."),
            ),
        ),
    ),
)
