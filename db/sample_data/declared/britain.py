"""The opportunities of UK Delivery."""

from db.sample_data.declared.accounts import AIRPORT, BREWERY, BRINDLE, RAIL, WATER
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
    sent,
    time_and_material,
    won,
)
from db.sample_data.declared.users import CALLUM, MARA

BRITAIN = ContractingUnit(
    "UK Delivery",
    "GBP",
    (
        Opportunity(
            name="Pumping station telemetry",
            account=WATER,
            owner=CALLUM,
            created_days_ago=43,
            due_in_days=25,
            estimated_revenue=355_000,
            quotes=(
                active(
                    number=1054,
                    name="Telemetry for 120 stations",
                    created_days_ago=27,
                    lines=(
                        product("Outstation with modem", 120, "1645.00"),
                        fixed_price("Installation", 118_000, budget=115_000),
                    ),
                ),
                sent(
                    number=1068,
                    name="Control centre screens",
                    created_days_ago=10,
                    lines=(time_and_material("Screens and alarms", 290, "92.50", limit=30_000),),
                ),
            ),
        ),
        Opportunity(
            name="Filter plant control room",
            account=WATER,
            owner=CALLUM,
            created_days_ago=240,
            due_in_days=-115,
            estimated_revenue=480_000,
            quotes=(
                won(
                    number=1005,
                    name="Control room refit",
                    created_days_ago=200,
                    closed_days_ago=113,
                    lines=(
                        fixed_price("Refit", 265_000, budget=250_000),
                        product("Operator workplace", 5, "18940.00"),
                        time_and_material("Cut-over", 760, 94, limit=80_000),
                    ),
                ),
            ),
            closes=(Close("Won", 110),),
        ),
        Opportunity(
            name="Leak detection rollout",
            account=WATER,
            owner=CALLUM,
            created_days_ago=90,
            due_in_days=-5,
            estimated_revenue=140_000,
            quotes=(
                won(
                    number=1035,
                    name="Loggers in four districts",
                    created_days_ago=71,
                    closed_days_ago=14,
                    lines=(product("Acoustic logger", 640, "189.99"), fixed_price("Rollout", 24_500)),
                ),
                lost(
                    number=1036,
                    name="Loggers in two districts",
                    created_days_ago=70,
                    closed_days_ago=14,
                    lines=(product("Acoustic logger", 320, "204.99"), fixed_price("Rollout", 15_000)),
                ),
            ),
            closes=(Close("Won", 12, description="Four districts now, the rest next year."),),
        ),
        Opportunity(
            name="Depot signalling simulator",
            account=RAIL,
            owner=MARA,
            created_days_ago=104,
            due_in_days=95,
            estimated_revenue=265_000,
            status_reason="On Hold",
            quotes=(
                active(
                    number=1030,
                    name="Simulator and scenarios",
                    created_days_ago=83,
                    valid_days=60,
                    lines=(
                        fixed_price("Simulator", 148_000, budget=150_000),
                        time_and_material("Scenarios", 860, 96, limit=90_000),
                    ),
                ),
            ),
        ),
        Opportunity(
            name="Level crossing renewal survey",
            account=RAIL,
            owner=CALLUM,
            created_days_ago=141,
            due_in_days=-85,
            estimated_revenue=72_000,
            closes=(Close("Canceled", 81),),
        ),
        Opportunity(
            name="Platform screen door maintenance",
            account=RAIL,
            owner=CALLUM,
            created_days_ago=133,
            due_in_days=-55,
            estimated_revenue=198_000,
            quotes=(
                lost(
                    number=1025,
                    name="Maintenance for three years",
                    created_days_ago=96,
                    closed_days_ago=52,
                    lines=(
                        fixed_price("Planned maintenance", 162_000),
                        time_and_material("Call-outs", 240, "104.50", limit=30_000),
                    ),
                ),
            ),
            closes=(
                Close("Out-Sold", 52, competitor=BRINDLE, description="They maintain the rolling stock."),
            ),
        ),
        Opportunity(
            name="Baggage hall conveyor drives",
            account=AIRPORT,
            owner=CALLUM,
            created_days_ago=29,
            due_in_days=40,
            estimated_revenue=225_000,
            quotes=(
                active(
                    number=1061,
                    name="Ninety drives",
                    created_days_ago=17,
                    lines=(
                        product("Drum motor with inverter", 90, "1320.00"),
                        time_and_material("Night work", 780, 98, limit=85_000, budget=70_000),
                    ),
                ),
                draft(
                    number=1062,
                    name="Spare drives",
                    created_days_ago=16,
                    lines=(product("Drum motor with inverter", 10, "1295.00"),),
                ),
            ),
        ),
        Opportunity(
            name="Runway lighting control",
            account=AIRPORT,
            owner=MARA,
            created_days_ago=290,
            due_in_days=-180,
            estimated_revenue=540_000,
            quotes=(
                won(
                    number=1002,
                    name="Control with monitoring",
                    created_days_ago=282,
                    closed_days_ago=174,
                    lines=(
                        product("Constant current regulator", 14, 21_500),
                        fixed_price("Control and monitoring", 228_000, budget=240_000),
                    ),
                ),
                canceled(
                    number=1001,
                    name="Control without monitoring",
                    created_days_ago=285,
                    closed_days_ago=260,
                    lines=(product("Constant current regulator", 14, 21_500),),
                ),
            ),
            closes=(Close("Won", 171),),
        ),
        Opportunity(
            name="Brewhouse automation, phase 2",
            account=BREWERY,
            owner=CALLUM,
            created_days_ago=12,
            due_in_days=110,
            estimated_revenue=160_000,
        ),
    ),
)
