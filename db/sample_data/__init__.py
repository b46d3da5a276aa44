"""The sample data: an engineering company's pipeline, and a second company that it must never see.

``corvane`` and ``neighbour`` say what there is, in the words of ``declarations``; the other modules turn it
into rows.
"""

from datetime import datetime

from db.sample_data.declared.corvane import CORVANE
from db.sample_data.declared.neighbour import NEIGHBOUR
from db.sample_data.load_context import Calendar
from db.sample_data.loader import load_company
from db.sql.database import Database, Transaction


async def load_sample(database: Database, *, now: datetime) -> None:
    """Insert the sample into an empty database, in one transaction.

    Its dates lie around ``now`` (UTC); all else is the same every time. The engineering company is the older
    one, so it is served.
    """
    calendar = Calendar(now.date())

    async def work(transaction: Transaction) -> None:
        await load_company(transaction, CORVANE, calendar)
        await load_company(transaction, NEIGHBOUR, calendar)

    await database.write(work)
