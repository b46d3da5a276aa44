"""The opportunities of North America."""

from db.sample_data.declared.accounts import ENERGY, OAKHAVEN, SHIPYARD
from db.sample_data.declared.spec import (
    Close,
    ContractingUnit,
    Opportunity,
    active,
    canceled,
    fixed_price,
    lost,
    product,
    time_and_material,
    won,
)
from db.sample_data.declared.users import PRIYA, SOFIA

AMERICA = ContractingUnit(
    "North America",
    "USD",
    (
        Opportunity(
            name="Dry dock pump controls",
            account=SHIPYARD,
            owner=SOFIA,
            created_days_ago=26,
            due_in_days=55,
            estimated_revenue=430_000,
            quotes=(
                active(
                    number=1065,
                    name="Controls for six pumps",
                    created_days_ago=13,
                    lines=(
                        product("Soft starter, 900 hp", 6, 38_400),
                        fixed_price("Controls and interlocks", 124_000),
                        time_and_material("Commissioning", 320, 138, limit=50_000, budget=45_000),
                    ),
                ),
            ),
        ),
        Opportunity(
            name="Paint hall dehumidification",
            account=SHIPYARD,
            owner=PRIYA,
            created_days_ago=205,
            due_in_days=-100,
            estimated_revenue=690_000,
            quotes=(
                won(
                    number=1009,
                    name="Three desiccant units",
                    created_days_ago=170,
                    closed_days_ago=102,
                    lines=(
                        product("Desiccant unit, 30,000 cfm", 3, 148_500),
                        fixed_price("Ducts and steelwork", 212_000, budget=200_000),
                    ),
                ),
            ),
            closes=(Close("Won", 99),),
        ),
        Opportunity(
            name="Hull block transport survey",
            account=SHIPYARD,
            owner=SOFIA,
            created_days_ago=125,
            due_in_days=-45,
            estimated_revenue=58_000,
            quotes=(
                lost(
                    number=1028,
                    name="Survey with load plan",
                    created_days_ago=86,
                    closed_days_ago=41,
                    lines=(time_and_material("Survey and calculation", 360, "142.50", limit=55_000),),
                ),
            ),
            closes=(Close("Out-Sold", 41, competitor=OAKHAVEN),),
        ),
        Opportunity(
            name="Turbine hall crane inspection",
            account=ENERGY,
            owner=PRIYA,
            created_days_ago=19,
            due_in_days=20,
            estimated_revenue=47_500,
            quotes=(
                active(
                    number=1066,
                    name="Inspection before the outage",
                    created_days_ago=7,
                    valid_days=30,
                    lines=(
                        fixed_price("Inspection of two cranes", 31_000, budget=30_000),
                        time_and_material("Repairs found necessary", 110, 145, limit=16_000),
                    ),
                ),
            ),
        ),
        Opportunity(
            name="Switchyard relay replacement",
            account=ENERGY,
            owner=SOFIA,
            created_days_ago=118,
            due_in_days=-35,
            estimated_revenue=375_000,
            quotes=(
                won(
                    number=1026,
                    name="Forty-two relays",
                    created_days_ago=91,
                    closed_days_ago=35,
                    lines=(
                        product("Protection relay", 42, "5280.00"),
                        time_and_material("Replacement and tests", 980, 139, limit=140_000),
                    ),
                ),
            ),
            closes=(Close("Won", 33, description="Phased over two outages."),),
        ),
        Opportunity(
            name="Cooling tower fan drives",
            account=ENERGY,
            owner=PRIYA,
            created_days_ago=83,
            due_in_days=-25,
            estimated_revenue=240_000,
            quotes=(
                canceled(
                    number=1038,
                    name="Eight direct drives",
                    created_days_ago=67,
                    closed_days_ago=26,
                    lines=(product("Direct drive, 150 hp", 8, "27900.00"),),
                ),
            ),
            closes=(Close("Canceled", 26, description="The unit will be retired instead."),),
        ),
    ),
)
