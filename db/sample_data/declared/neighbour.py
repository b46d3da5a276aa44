"""Another organization with the same account, deal and quote numbers: nothing of it may show elsewhere."""

from db.domain.enums import OpportunityState
from db.sample_data.declared.spec import (
    Closing,
    Company,
    Customer,
    Deal,
    Person,
    Reason,
    Unit,
    active,
    draft,
    fixed_price,
    product,
    revised,
    time_and_material,
    won,
)

_RUTH = Person("Ruth Okafor", "ruth.okafor@lowmoor.example")
_MARA = Person("Mara Lindqvist", "mara.lindqvist@lowmoor.example", _RUTH)
_PORT = Customer("Port of Aldermouth", "Ports", "Netherlands", 1932, 1180, 412)
_VANTERA = Customer("Vantera Foods", "Food", "Germany", 1954, 5200, 1630)

NEIGHBOUR = Company(
    name="Lowmoor Lifting",
    founded=400,
    people=(_RUTH, _MARA),
    customers=(_PORT, _VANTERA),
    competitors=("Corvane Engineering", "Northreach Marine"),
    reasons=(Reason("Budget Frozen", OpportunityState.LOST),),
    units=(
        Unit(
            "Marine and Ports",
            "EUR",
            (
                Deal(
                    name="Harbour crane retrofit",
                    account=_PORT,
                    owner=_MARA,
                    created=70,
                    due=21,
                    estimate=1_180_000,
                    offers=(
                        revised(
                            number=1042,
                            name="Four cranes, turnkey",
                            created=45,
                            decided=30,
                            lines=(fixed_price("Turnkey retrofit", 1_210_000, budget=1_100_000),),
                        ),
                        active(
                            number=1042,
                            revision=1,
                            name="Four cranes, turnkey",
                            created=30,
                            lines=(fixed_price("Turnkey retrofit", 1_175_000, budget=1_100_000),),
                        ),
                        active(
                            number=1043,
                            name="Two cranes, turnkey",
                            created=30,
                            lines=(fixed_price("Turnkey retrofit", 604_000),),
                        ),
                        draft(
                            number=1044,
                            name="Maintenance",
                            created=11,
                            lines=(time_and_material("Maintenance", 400, 99),),
                        ),
                    ),
                ),
                Deal(
                    name="Berth 7 shore power",
                    account=_PORT,
                    owner=_RUTH,
                    created=205,
                    due=-150,
                    estimate=905_000,
                    closings=(Closing("Out-Sold", 149, competitor="Corvane Engineering"),),
                ),
                Deal(
                    name="Cold store hoists",
                    account=_VANTERA,
                    owner=_MARA,
                    created=60,
                    due=-10,
                    estimate=48_000,
                    offers=(
                        won(
                            number=1045,
                            name="Six hoists",
                            created=50,
                            decided=20,
                            lines=(product("Chain hoist, 2 t", 6, "7650.00"),),
                        ),
                    ),
                    closings=(Closing("Won", 18),),
                ),
            ),
        ),
    ),
)
