"""Corvane Engineering, which retrofits, automates and maintains heavy machinery in five contracting units."""

from db.sample.corvane.america import AMERICA
from db.sample.corvane.automation import AUTOMATION
from db.sample.corvane.britain import BRITAIN
from db.sample.corvane.customers import COMPETITORS, CUSTOMERS
from db.sample.corvane.marine import MARINE
from db.sample.corvane.nordic import NORDIC
from db.sample.corvane.people import PEOPLE
from db.sample.declarations import Company, Reason
from db.states import OpportunityState

CORVANE = Company(
    name="Corvane Engineering",
    founded=1100,
    people=PEOPLE,
    customers=CUSTOMERS,
    competitors=COMPETITORS,
    reasons=(
        Reason("Budget Frozen", OpportunityState.LOST, description_required=True),
        Reason("Kept In-House", OpportunityState.LOST, retired=120),
    ),
    units=(MARINE, AUTOMATION, NORDIC, BRITAIN, AMERICA),
)
