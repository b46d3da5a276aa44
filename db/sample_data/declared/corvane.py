"""Corvane Engineering, which retrofits, automates and maintains heavy machinery in five contracting units."""

from db.domain.enums import OpportunityState
from db.sample_data.declared.america import AMERICA
from db.sample_data.declared.automation import AUTOMATION
from db.sample_data.declared.britain import BRITAIN
from db.sample_data.declared.customers import COMPETITORS, CUSTOMERS
from db.sample_data.declared.marine import MARINE
from db.sample_data.declared.nordic import NORDIC
from db.sample_data.declared.people import PEOPLE
from db.sample_data.declared.spec import Company, Reason

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
