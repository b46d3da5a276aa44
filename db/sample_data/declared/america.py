"""The deals of North America."""

from db.sample_data.declared.customers import ENERGY, OAKHAVEN, SHIPYARD
from db.sample_data.declared.people import PRIYA, SOFIA
from db.sample_data.declared.spec import (
    Closing,
    Deal,
    Unit,
    active,
    canceled,
    fixed_price,
    lost,
    product,
    time_and_material,
    won,
)

AMERICA = Unit(
    "North America",
    "USD",
    (
        Deal(
            name="Dry dock pump controls",
            account=SHIPYARD,
            owner=SOFIA,
            created=26,
            due=55,
            estimate=430_000,
            offers=(
                active(
                    number=1065,
                    name="Controls for six pumps",
                    created=13,
                    lines=(
                        product("Soft starter, 900 hp", 6, 38_400),
                        fixed_price("Controls and interlocks", 124_000),
                        time_and_material("Commissioning", 320, 138, limit=50_000, budget=45_000),
                    ),
                ),
            ),
        ),
        Deal(
            name="Paint hall dehumidification",
            account=SHIPYARD,
            owner=PRIYA,
            created=205,
            due=-100,
            estimate=690_000,
            offers=(
                won(
                    number=1009,
                    name="Three desiccant units",
                    created=170,
                    decided=102,
                    lines=(
                        product("Desiccant unit, 30,000 cfm", 3, 148_500),
                        fixed_price("Ducts and steelwork", 212_000, budget=200_000),
                    ),
                ),
            ),
            closings=(Closing("Won", 99),),
        ),
        Deal(
            name="Hull block transport survey",
            account=SHIPYARD,
            owner=SOFIA,
            created=125,
            due=-45,
            estimate=58_000,
            offers=(
                lost(
                    number=1028,
                    name="Survey with load plan",
                    created=86,
                    decided=41,
                    lines=(time_and_material("Survey and calculation", 360, "142.50", limit=55_000),),
                ),
            ),
            closings=(Closing("Out-Sold", 41, competitor=OAKHAVEN),),
        ),
        Deal(
            name="Turbine hall crane inspection",
            account=ENERGY,
            owner=PRIYA,
            created=19,
            due=20,
            estimate=47_500,
            offers=(
                active(
                    number=1066,
                    name="Inspection before the outage",
                    created=7,
                    valid_for=30,
                    lines=(
                        fixed_price("Inspection of two cranes", 31_000, budget=30_000),
                        time_and_material("Repairs found necessary", 110, 145, limit=16_000),
                    ),
                ),
            ),
        ),
        Deal(
            name="Switchyard relay replacement",
            account=ENERGY,
            owner=SOFIA,
            created=118,
            due=-35,
            estimate=375_000,
            offers=(
                won(
                    number=1026,
                    name="Forty-two relays",
                    created=91,
                    decided=35,
                    lines=(
                        product("Protection relay", 42, "5280.00"),
                        time_and_material("Replacement and tests", 980, 139, limit=140_000),
                    ),
                ),
            ),
            closings=(Closing("Won", 33, description="Phased over two outages."),),
        ),
        Deal(
            name="Cooling tower fan drives",
            account=ENERGY,
            owner=PRIYA,
            created=83,
            due=-25,
            estimate=240_000,
            offers=(
                canceled(
                    number=1038,
                    name="Eight direct drives",
                    created=67,
                    decided=26,
                    lines=(product("Direct drive, 150 hp", 8, "27900.00"),),
                ),
            ),
            closings=(Closing("Canceled", 26, description="The unit will be retired instead."),),
        ),
    ),
)
