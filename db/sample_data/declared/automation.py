"""The deals of Industrial Automation."""

from db.sample_data.declared.customers import LOGISTICS, PHARMA, RIVARO, TESSALY, VANTERA
from db.sample_data.declared.people import ELENA, TOMAS
from db.sample_data.declared.spec import (
    Closing,
    Deal,
    Unit,
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

_CONTROLLER = product("Line controller with spare", 6, "8450.00")
_PANELS = product("Operator panel, 15 inch", 14, "1289.90")

_BOTTLING = Deal(
    name="Bottling line controls",
    account=VANTERA,
    owner=ELENA,
    created=72,
    due=14,
    estimate=520_000,
    description="Six lines in three plants; the customer compares line by line, so each has a quote.",
    offers=(
        revised(
            number=1045,
            name="Lines 1 and 2",
            created=58,
            decided=44,
            lines=(_CONTROLLER, fixed_price("Migration of two lines", 96_000)),
        ),
        revised(
            number=1045,
            revision=1,
            name="Lines 1 and 2",
            created=44,
            decided=19,
            lines=(_CONTROLLER, _PANELS, fixed_price("Migration of two lines", 96_000)),
        ),
        active(
            number=1045,
            revision=2,
            name="Lines 1 and 2",
            created=19,
            lines=(_CONTROLLER, _PANELS, fixed_price("Migration of two lines", 91_500, budget=90_000)),
        ),
        active(
            number=1046,
            name="Line 3",
            created=57,
            valid_for=90,
            lines=(fixed_price("Migration of one line", 52_000), product("Line controller", 2, 8_450)),
        ),
        active(
            number=1047,
            name="Line 4",
            created=57,
            valid_for=90,
            lines=(fixed_price("Migration of one line", 54_500), product("Line controller", 2, 8_450)),
        ),
        sent(
            number=1048,
            name="Lines 5 and 6",
            created=56,
            valid_for=90,
            lines=(time_and_material("Migration of two lines", 880, 114, limit=110_000, budget=100_000),),
        ),
        sent(
            number=1049,
            name="Recipe database",
            created=55,
            valid_for=90,
            lines=(time_and_material("Software", 340, "118.50", limit=45_000),),
        ),
        active(
            number=1050,
            name="Training of the operators",
            created=55,
            valid_for=30,
            lines=(fixed_price("Three courses of two days", 10_800),),
        ),
        draft(
            number=1051,
            name="Remote support, first year",
            created=54,
            lines=(fixed_price("Support contract", 24_000, budget=20_000),),
        ),
        lost(
            number=1052,
            name="All lines at once",
            created=53,
            decided=40,
            lines=(
                fixed_price("Migration of six lines", 288_000, budget=270_000),
                product("Line controller", 12, 8_100),
            ),
        ),
    ),
)

AUTOMATION = Unit(
    "Industrial Automation",
    "EUR",
    (
        _BOTTLING,
        Deal(
            name="Warehouse robot cell",
            account=LOGISTICS,
            owner=TOMAS,
            created=36,
            due=60,
            estimate=390_000,
            offers=(
                active(
                    number=1060,
                    name="Cell with two robots",
                    created=18,
                    lines=(
                        product("Six-axis robot, 210 kg", 2, 84_600),
                        fixed_price("Fencing and safety acceptance", 58_000),
                        time_and_material("Programming", 720, 109, limit=85_000, budget=80_000),
                    ),
                ),
            ),
        ),
        Deal(
            name="Paint shop ventilation",
            account=RIVARO,
            owner=ELENA,
            created=175,
            due=-90,
            estimate=275_000,
            offers=(
                lost(
                    number=1011,
                    name="Ventilation of three booths",
                    created=160,
                    decided=97,
                    lines=(
                        product("Air handling unit", 3, 61_200),
                        fixed_price("Ducts and balancing", 88_000),
                    ),
                ),
            ),
            closings=(Closing("Out-Sold", 96, competitor=TESSALY),),
        ),
        Deal(
            name="Press line safety upgrade",
            account=RIVARO,
            owner=TOMAS,
            created=140,
            due=-80,
            estimate=185_000,
            offers=(
                won(
                    number=1022,
                    name="Light curtains and safe drives",
                    created=108,
                    decided=90,
                    lines=(
                        product("Safety light curtain", 18, "1430.00"),
                        fixed_price("Risk assessment and acceptance", 72_000, budget=75_000),
                        time_and_material("Rewiring during shutdown", 460, "97.50", limit=50_000),
                    ),
                ),
            ),
            closings=(Closing("Won", 84),),
        ),
        Deal(
            name="Battery pack test bench",
            account=RIVARO,
            owner=ELENA,
            created=33,
            due=45,
            estimate=610_000,
            offers=(
                active(
                    number=1055,
                    name="Bench with four channels",
                    created=25,
                    lines=(
                        product("Test channel, 500 kW", 4, 96_500),
                        time_and_material("Test sequences", 640, 116, limit=80_000),
                    ),
                ),
                sent(
                    number=1056,
                    name="Bench with two channels",
                    created=24,
                    lines=(
                        product("Test channel, 500 kW", 2, 99_000),
                        time_and_material("Test sequences", 520, 116, limit=65_000),
                    ),
                ),
            ),
        ),
        Deal(
            name="Tablet press data capture",
            account=PHARMA,
            owner=TOMAS,
            created=100,
            due=-40,
            estimate=84_000,
            offers=(
                draft(
                    number=1033,
                    name="Extension to the packing hall",
                    created=78,
                    lines=(time_and_material("Data capture", 180, 122),),
                ),
            ),
            closings=(Closing("Won", 37, description="Ordered by the framework contract, without a quote."),),
        ),
        Deal(
            name="Clean room monitoring",
            account=PHARMA,
            owner=TOMAS,
            created=92,
            due=30,
            estimate=132_000,
            offers=(
                active(
                    number=1067,
                    name="Forty measuring points",
                    created=12,
                    lines=(
                        product("Particle counter", 40, "1875.00"),
                        fixed_price("Qualification documents", 39_000, budget=42_000),
                    ),
                ),
            ),
            closings=(
                Closing("Canceled", 45, description="No budget before the new plan year.", reopened=True),
            ),
        ),
        Deal(
            name="Cold store energy audit",
            account=VANTERA,
            owner=ELENA,
            created=88,
            due=-30,
            estimate=38_000,
            offers=(
                lost(
                    number=1034,
                    name="Audit of two cold stores",
                    created=77,
                    decided=30,
                    lines=(fixed_price("Audit with measurements", 36_500, budget=35_000),),
                ),
            ),
            closings=(
                Closing("Budget Frozen", 30, description="All energy projects wait for the group's review."),
            ),
        ),
        Deal(
            name="Pallet tracking pilot",
            account=LOGISTICS,
            owner=TOMAS,
            created=16,
            due=75,
            estimate=54_000,
            offers=(
                draft(
                    number=1063,
                    name="Pilot in one hall",
                    created=8,
                    lines=(
                        product("Gate with readers", 4, "3650.00"),
                        time_and_material("Integration", 210, 108, budget=25_000),
                    ),
                ),
            ),
        ),
        Deal(
            name="Palletiser replacement",
            account=VANTERA,
            owner=ELENA,
            created=300,
            due=-200,
            estimate=220_000,
            offers=(
                lost(
                    number=1003,
                    name="Palletiser with gripper",
                    created=280,
                    decided=190,
                    lines=(product("Palletiser", 1, 168_000), fixed_price("Installation", 44_000)),
                ),
            ),
            closings=(Closing("Kept In-House", 190),),
        ),
    ),
)
