"""Lowmoor Lifting, a second organization with the same names and quote numbers, to show the isolation."""

from db.domain.enums import OpportunityState
from db.sample_data.declared.spec import (
    Account,
    Close,
    ContractingUnit,
    Opportunity,
    Organization,
    StatusReason,
    User,
    active,
    draft,
    fixed_price,
    product,
    revised,
    time_and_material,
    won,
)

_RUTH = User("Ruth Okafor", "ruth.okafor@lowmoor.example")
_MARA = User("Mara Lindqvist", "mara.lindqvist@lowmoor.example", _RUTH)
_PORT = Account("Port of Aldermouth", "Ports", "Netherlands", 1932, 1180, 412)
_VANTERA = Account("Vantera Foods", "Food", "Germany", 1954, 5200, 1630)

LOWMOOR = Organization(
    name="Lowmoor Lifting",
    founded_days_ago=400,
    users=(_RUTH, _MARA),
    accounts=(_PORT, _VANTERA),
    competitors=("Corvane Engineering", "Northreach Marine"),
    status_reasons=(StatusReason("Budget Frozen", OpportunityState.LOST),),
    contracting_units=(
        ContractingUnit(
            "Marine and Ports",
            "EUR",
            (
                Opportunity(
                    name="Harbour crane retrofit",
                    account=_PORT,
                    owner=_MARA,
                    created_days_ago=70,
                    due_in_days=21,
                    estimated_revenue=1_180_000,
                    quotes=(
                        revised(
                            number=1042,
                            name="Four cranes, turnkey",
                            created_days_ago=45,
                            closed_days_ago=30,
                            lines=(fixed_price("Turnkey retrofit", 1_210_000, budget=1_100_000),),
                        ),
                        active(
                            number=1042,
                            revision=1,
                            name="Four cranes, turnkey",
                            created_days_ago=30,
                            lines=(fixed_price("Turnkey retrofit", 1_175_000, budget=1_100_000),),
                        ),
                        active(
                            number=1043,
                            name="Two cranes, turnkey",
                            created_days_ago=30,
                            lines=(fixed_price("Turnkey retrofit", 604_000),),
                        ),
                        draft(
                            number=1044,
                            name="Maintenance",
                            created_days_ago=11,
                            lines=(time_and_material("Maintenance", 400, 99),),
                        ),
                    ),
                ),
                Opportunity(
                    name="Berth 7 shore power",
                    account=_PORT,
                    owner=_RUTH,
                    created_days_ago=205,
                    due_in_days=-150,
                    estimated_revenue=905_000,
                    closes=(Close("Out-Sold", 149, competitor="Corvane Engineering"),),
                ),
                Opportunity(
                    name="Cold store hoists",
                    account=_VANTERA,
                    owner=_MARA,
                    created_days_ago=60,
                    due_in_days=-10,
                    estimated_revenue=48_000,
                    quotes=(
                        won(
                            number=1045,
                            name="Six hoists",
                            created_days_ago=50,
                            closed_days_ago=20,
                            lines=(product("Chain hoist, 2 t", 6, "7650.00"),),
                        ),
                    ),
                    closes=(Close("Won", 18),),
                ),
            ),
        ),
    ),
)
