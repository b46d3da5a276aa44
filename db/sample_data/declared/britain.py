"""The deals of UK Delivery."""

from db.sample_data.declared.customers import AIRPORT, BREWERY, BRINDLE, RAIL, WATER
from db.sample_data.declared.people import CALLUM, MARA
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
    sent,
    time_and_material,
    won,
)

BRITAIN = Unit(
    "UK Delivery",
    "GBP",
    (
        Deal(
            name="Pumping station telemetry",
            account=WATER,
            owner=CALLUM,
            created=43,
            due=25,
            estimate=355_000,
            offers=(
                active(
                    number=1054,
                    name="Telemetry for 120 stations",
                    created=27,
                    lines=(
                        product("Outstation with modem", 120, "1645.00"),
                        fixed_price("Installation", 118_000, budget=115_000),
                    ),
                ),
                sent(
                    number=1068,
                    name="Control centre screens",
                    created=10,
                    lines=(time_and_material("Screens and alarms", 290, "92.50", limit=30_000),),
                ),
            ),
        ),
        Deal(
            name="Filter plant control room",
            account=WATER,
            owner=CALLUM,
            created=240,
            due=-115,
            estimate=480_000,
            offers=(
                won(
                    number=1005,
                    name="Control room refit",
                    created=200,
                    decided=113,
                    lines=(
                        fixed_price("Refit", 265_000, budget=250_000),
                        product("Operator workplace", 5, "18940.00"),
                        time_and_material("Cut-over", 760, 94, limit=80_000),
                    ),
                ),
            ),
            closings=(Closing("Won", 110),),
        ),
        Deal(
            name="Leak detection rollout",
            account=WATER,
            owner=CALLUM,
            created=90,
            due=-5,
            estimate=140_000,
            offers=(
                won(
                    number=1035,
                    name="Loggers in four districts",
                    created=71,
                    decided=14,
                    lines=(product("Acoustic logger", 640, "189.99"), fixed_price("Rollout", 24_500)),
                ),
                lost(
                    number=1036,
                    name="Loggers in two districts",
                    created=70,
                    decided=14,
                    lines=(product("Acoustic logger", 320, "204.99"), fixed_price("Rollout", 15_000)),
                ),
            ),
            closings=(Closing("Won", 12, description="Four districts now, the rest next year."),),
        ),
        Deal(
            name="Depot signalling simulator",
            account=RAIL,
            owner=MARA,
            created=104,
            due=95,
            estimate=265_000,
            reason="On Hold",
            offers=(
                active(
                    number=1030,
                    name="Simulator and scenarios",
                    created=83,
                    valid_for=60,
                    lines=(
                        fixed_price("Simulator", 148_000, budget=150_000),
                        time_and_material("Scenarios", 860, 96, limit=90_000),
                    ),
                ),
            ),
        ),
        Deal(
            name="Level crossing renewal survey",
            account=RAIL,
            owner=CALLUM,
            created=141,
            due=-85,
            estimate=72_000,
            closings=(Closing("Canceled", 81),),
        ),
        Deal(
            name="Platform screen door maintenance",
            account=RAIL,
            owner=CALLUM,
            created=133,
            due=-55,
            estimate=198_000,
            offers=(
                lost(
                    number=1025,
                    name="Maintenance for three years",
                    created=96,
                    decided=52,
                    lines=(
                        fixed_price("Planned maintenance", 162_000),
                        time_and_material("Call-outs", 240, "104.50", limit=30_000),
                    ),
                ),
            ),
            closings=(
                Closing("Out-Sold", 52, competitor=BRINDLE, description="They maintain the rolling stock."),
            ),
        ),
        Deal(
            name="Baggage hall conveyor drives",
            account=AIRPORT,
            owner=CALLUM,
            created=29,
            due=40,
            estimate=225_000,
            offers=(
                active(
                    number=1061,
                    name="Ninety drives",
                    created=17,
                    lines=(
                        product("Drum motor with inverter", 90, "1320.00"),
                        time_and_material("Night work", 780, 98, limit=85_000, budget=70_000),
                    ),
                ),
                draft(
                    number=1062,
                    name="Spare drives",
                    created=16,
                    lines=(product("Drum motor with inverter", 10, "1295.00"),),
                ),
            ),
        ),
        Deal(
            name="Runway lighting control",
            account=AIRPORT,
            owner=MARA,
            created=290,
            due=-180,
            estimate=540_000,
            offers=(
                won(
                    number=1002,
                    name="Control with monitoring",
                    created=282,
                    decided=174,
                    lines=(
                        product("Constant current regulator", 14, 21_500),
                        fixed_price("Control and monitoring", 228_000, budget=240_000),
                    ),
                ),
                canceled(
                    number=1001,
                    name="Control without monitoring",
                    created=285,
                    decided=260,
                    lines=(product("Constant current regulator", 14, 21_500),),
                ),
            ),
            closings=(Closing("Won", 171),),
        ),
        Deal(
            name="Brewhouse automation, phase 2",
            account=BREWERY,
            owner=CALLUM,
            created=12,
            due=110,
            estimate=160_000,
        ),
    ),
)
