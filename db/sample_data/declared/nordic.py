"""The deals of Nordic Delivery."""

from db.sample_data.declared.customers import OAKHAVEN, PACKAGING, PAPER, STEEL, WIND
from db.sample_data.declared.people import JONAS, SOFIA
from db.sample_data.declared.spec import (
    Closing,
    Deal,
    Unit,
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

NORDIC = Unit(
    "Nordic Delivery",
    "SEK",
    (
        Deal(
            name="Paper machine 3 drive renewal",
            account=PAPER,
            owner=JONAS,
            created=52,
            due=35,
            estimate=18_500_000,
            offers=(
                revised(
                    number=1053,
                    name="Renewal in one shutdown",
                    created=46,
                    decided=23,
                    lines=(
                        product("Sectional drive, 400 kW", 11, 780_000),
                        fixed_price("Shutdown work, 14 days", 6_400_000),
                    ),
                ),
                active(
                    number=1053,
                    revision=1,
                    name="Renewal in two shutdowns",
                    created=23,
                    lines=(
                        product("Sectional drive, 400 kW", 11, 780_000),
                        fixed_price("Shutdown work, 2 x 9 days", 7_150_000, budget=7_000_000),
                        time_and_material("Tuning", 600, 1_180, limit=800_000, budget=750_000),
                    ),
                ),
            ),
        ),
        Deal(
            name="Bark boiler control upgrade",
            account=PAPER,
            owner=JONAS,
            created=230,
            due=-125,
            estimate=4_200_000,
            offers=(
                won(
                    number=1004,
                    name="Controls and burner management",
                    created=215,
                    decided=131,
                    lines=(
                        fixed_price("Controls", 2_650_000, budget=2_700_000),
                        time_and_material("Commissioning", 940, "1145.50", limit=1_200_000),
                    ),
                ),
            ),
            closings=(Closing("Won", 128),),
        ),
        Deal(
            name="Carton line inspection cameras",
            account=PACKAGING,
            owner=JONAS,
            created=15,
            due=80,
            estimate=1_100_000,
            offers=(
                draft(
                    number=1064,
                    name="Cameras on two lines",
                    created=8,
                    lines=(product("Line camera with light", 8, "86400.00"),),
                ),
            ),
        ),
        Deal(
            name="Ladle crane load monitoring",
            account=STEEL,
            owner=SOFIA,
            created=150,
            due=-60,
            estimate=2_900_000,
            offers=(
                lost(
                    number=1017,
                    name="Monitoring of three cranes",
                    created=130,
                    decided=66,
                    lines=(
                        product("Load pin with transmitter", 24, "48750.00"),
                        fixed_price("Installation and calibration", 1_620_000),
                    ),
                ),
            ),
            closings=(
                Closing(
                    "Out-Sold", 66, competitor=OAKHAVEN, description="A fifth cheaper, without calibration."
                ),
            ),
        ),
        Deal(
            name="Rolling mill gauge retrofit",
            account=STEEL,
            owner=SOFIA,
            created=112,
            due=-20,
            estimate=3_600_000,
            offers=(
                won(
                    number=1031,
                    name="Two gauges",
                    created=80,
                    decided=25,
                    lines=(
                        product("Thickness gauge", 2, 1_240_000),
                        time_and_material("Installation", 520, 1_160, limit=650_000, budget=600_000),
                    ),
                ),
                lost(
                    number=1032,
                    name="Three gauges",
                    created=80,
                    decided=25,
                    lines=(product("Thickness gauge", 3, 1_210_000),),
                ),
            ),
            closings=(Closing("Won", 22),),
        ),
        Deal(
            name="Substation protection for the wind park",
            account=WIND,
            owner=SOFIA,
            created=77,
            due=140,
            estimate=5_400_000,
            reason="On Hold",
            description="The permit is expected in the spring.",
            offers=(
                draft(
                    number=1037,
                    name="Relays and settings",
                    created=68,
                    lines=(
                        product("Protection relay", 18, "74500.00"),
                        time_and_material("Settings and tests", 880, 1_190, budget=1_000_000),
                    ),
                ),
            ),
        ),
        Deal(
            name="Nacelle lift inspection",
            account=WIND,
            owner=JONAS,
            created=47,
            due=-10,
            estimate=640_000,
            offers=(
                canceled(
                    number=1057,
                    name="Inspection of forty lifts",
                    created=23,
                    decided=15,
                    lines=(fixed_price("Inspection of a lift", 620_000),),
                ),
            ),
            closings=(Closing("Canceled", 15, description="The park is being sold."),),
        ),
        Deal(
            name="Blade store fire detection",
            account=WIND,
            owner=SOFIA,
            created=180,
            due=-70,
            estimate=1_850_000,
            offers=(
                won(
                    number=1013,
                    name="Detection in two halls",
                    created=150,
                    decided=80,
                    lines=(
                        product("Aspirating smoke detector", 32, "28600.00"),
                        fixed_price("Installation", 790_000, budget=800_000),
                    ),
                ),
            ),
            closings=(
                Closing("Won", 75, revenue=1_905_000, description="Hall 3 counted in.", reopened=True),
                Closing("Won", 58, description="Corrected: hall 3 is a deal of its own."),
            ),
        ),
    ),
)
