"""Corvane Engineering, which retrofits, automates and maintains heavy machinery in five contracting units."""

from db.domain.enums import OpportunityState
from db.sample_data.declared.accounts import ACCOUNTS, COMPETITORS
from db.sample_data.declared.america import AMERICA
from db.sample_data.declared.automation import AUTOMATION
from db.sample_data.declared.britain import BRITAIN
from db.sample_data.declared.marine import MARINE
from db.sample_data.declared.nordic import NORDIC
from db.sample_data.declared.spec import Organization, StatusReason
from db.sample_data.declared.users import USERS

CORVANE = Organization(
    name="Corvane Engineering",
    founded_days_ago=1100,
    users=USERS,
    accounts=ACCOUNTS,
    competitors=COMPETITORS,
    status_reasons=(
        StatusReason("Budget Frozen", OpportunityState.LOST, description_required=True),
        StatusReason("Kept In-House", OpportunityState.LOST, retired_days_ago=120),
    ),
    contracting_units=(MARINE, AUTOMATION, NORDIC, BRITAIN, AMERICA),
)
