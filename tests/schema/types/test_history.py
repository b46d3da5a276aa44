from operator import itemgetter
from typing import Any
from uuid import UUID

import orjson
import pytest

from db import models
from db.audit.log import AuditAction
from db.domain.enums import QuoteState, SeededReason
from db.domain.ids import new_id
from db.opportunities.reopen import ReopenOpportunity, reopen_opportunity
from tests.builders import NOW, OrganizationBuilder
from tests.db.operations import activate, close, close_all, run_operation
from tests.schema.support.client import Client, PlannedClient, Recorder

HISTORY = """
query ($id: ID!, $first: Int, $after: String, $filter: HistoryEntryFilter) {
  opportunity(id: $id) {
    history(first: $first, after: $after, filter: $filter) {
      totalCount
      pageInfo { hasNextPage endCursor }
      nodes { __typename id action at user { name } changes { field before after } }
    }
  }
}
"""


async def test_the_entry_of_a_closing_has_the_action_time_user_and_changes(
    builder: OrganizationBuilder,
) -> None:
    opportunity_id = await builder.opportunity()
    closed = await close(builder, opportunity_id)
    [entry] = (await _history(builder, opportunity_id))["nodes"]
    entry.pop("id")
    assert entry == {
        "__typename": "OpportunityHistoryEntry",
        "action": "OPPORTUNITY_CLOSED",
        "at": "2026-11-23T12:00:00.000000Z",
        "user": {"name": "Ada Quill"},
        "changes": [
            _change("state", "OPEN", "WON"),
            _change(
                "statusReasonId",
                f"rsn_{builder.reasons[SeededReason.IN_PROGRESS]}",
                f"rsn_{builder.reasons[SeededReason.WON]}",
            ),
            _change("actualRevenue", None, "5000.00"),
            _change("closedOn", None, "2026-11-23"),
            _change("closeId", None, f"ocl_{closed.opportunity_close_id}"),
        ],
    }


async def test_a_history_is_sorted_from_the_newest_change_and_includes_quotes(
    builder: OrganizationBuilder,
) -> None:
    opportunity_id = await builder.opportunity()
    quote_id = await builder.quote(opportunity_id)
    await activate(builder, quote_id)
    await close_all(builder, ids=(quote_id,))
    await close(builder, opportunity_id)
    await close(builder, await builder.opportunity())
    history = await _history(builder, opportunity_id)
    assert [(entry["__typename"], entry["action"]) for entry in history["nodes"]] == [
        ("OpportunityHistoryEntry", "OPPORTUNITY_CLOSED"),
        ("QuoteHistoryEntry", "QUOTE_CLOSED"),
        ("QuoteHistoryEntry", "QUOTE_ACTIVATED"),
    ]
    assert history["totalCount"] == 3


async def test_the_history_of_a_quote_has_only_its_own_changes(builder: OrganizationBuilder) -> None:
    opportunity_id = await builder.opportunity()
    quote_id, other_id = [await builder.quote(opportunity_id, state=QuoteState.ACTIVE) for _ in range(2)]
    await close_all(builder, ids=(other_id, quote_id))
    answer = await PlannedClient(builder.database, builder.caller).data(
        """
        query ($id: ID!) {
          quote(id: $id) {
            history {
              nodes { action changes { field before after } ... on QuoteHistoryEntry { quote { id } } }
            }
          }
        }
        """,
        id=f"quo_{quote_id}",
    )
    assert answer["quote"]["history"]["nodes"] == [
        {
            "action": "QUOTE_CLOSED",
            "changes": [
                _change("state", "ACTIVE", "CLOSED"),
                _change("statusReason", "ACTIVE_IN_PROGRESS", "LOST"),
                _change("closedOn", None, "2026-11-23"),
            ],
            "quote": {"id": f"quo_{quote_id}"},
        }
    ]


async def test_a_changed_id_leads_to_the_objects_before_and_after(builder: OrganizationBuilder) -> None:
    opportunity_id = await builder.opportunity()
    closed = await close(builder, opportunity_id)
    answer = await PlannedClient(builder.database, builder.caller).data(
        """
        query ($id: ID!) {
          opportunity(id: $id) {
            history {
              nodes {
                changes {
                  field
                  beforeObject { __typename ... on StatusReason { label } }
                  afterObject { id ... on StatusReason { label } ... on OpportunityClose { outcome } }
                }
              }
            }
          }
        }
        """,
        id=f"opp_{opportunity_id}",
    )
    [entry] = answer["opportunity"]["history"]["nodes"]
    changes = {change.pop("field"): change for change in entry["changes"]}
    assert changes["statusReasonId"] == {
        "beforeObject": {"__typename": "StatusReason", "label": "In Progress"},
        "afterObject": {"id": f"rsn_{builder.reasons[SeededReason.WON]}", "label": "Won"},
    }
    assert changes["closeId"] == {
        "beforeObject": None,
        "afterObject": {"id": f"ocl_{closed.opportunity_close_id}", "outcome": "WON"},
    }
    assert changes["actualRevenue"] == {"beforeObject": None, "afterObject": None}


async def test_reopening_keeps_the_history(builder: OrganizationBuilder) -> None:
    opportunity_id = await builder.opportunity()
    await close(builder, opportunity_id)
    [closing] = (await _history(builder, opportunity_id))["nodes"]
    await run_operation(builder, reopen_opportunity, ReopenOpportunity(opportunity_id=opportunity_id))
    reopening, kept = (await _history(builder, opportunity_id))["nodes"]
    assert kept == closing
    assert reopening["action"] == "OPPORTUNITY_REOPENED"
    assert sorted(reopening["changes"], key=itemgetter("field")) == sorted(
        (_change(change["field"], change["after"], change["before"]) for change in closing["changes"]),
        key=itemgetter("field"),
    )


async def test_a_history_is_paged(builder: OrganizationBuilder) -> None:
    opportunity_id = await builder.opportunity()
    entries = [await _entry(builder, opportunity_id) for _ in range(3)]
    first = await _history(builder, opportunity_id, first=2)
    rest = await _history(builder, opportunity_id, first=2, after=first["pageInfo"]["endCursor"])
    assert [[entry["id"] for entry in page["nodes"]] for page in (first, rest)] == [
        [f"his_{entries[2]}", f"his_{entries[1]}"],
        [f"his_{entries[0]}"],
    ]
    assert [page["pageInfo"]["hasNextPage"] for page in (first, rest)] == [True, False]


@pytest.mark.parametrize(
    ("filter_", "found"),
    [
        ({"action": {"eq": "QUOTE_DELETED"}}, ["QUOTE_DELETED"]),
        ({"at": {"lt": "2026-11-23T12:00:00Z"}}, []),
        ({"not": {"action": {"in": ["QUOTE_DELETED"]}}}, ["OPPORTUNITY_UPDATED"]),
    ],
)
async def test_a_history_is_filtered(
    builder: OrganizationBuilder, filter_: dict[str, Any], found: list[str]
) -> None:
    opportunity_id = await builder.opportunity()
    await _entry(builder, opportunity_id)
    await _entry(builder, opportunity_id, action="QUOTE_DELETED", subject_id=new_id())
    history = await _history(builder, opportunity_id, filter=filter_)
    assert [entry["action"] for entry in history["nodes"]] == found
    assert history["totalCount"] == len(found)


async def test_a_deleted_draft_stays_in_the_history(builder: OrganizationBuilder) -> None:
    opportunity_id = await builder.opportunity()
    details = {"number": ["QUO-1044", None], "lines.1.quantity": ["2.00", None]}
    await _entry(builder, opportunity_id, action="QUOTE_DELETED", subject_id=new_id(), details=details)
    answer = await PlannedClient(builder.database, builder.caller).data(
        """
        query ($id: ID!) {
          opportunity(id: $id) {
            history { nodes { changes { field before after } ... on QuoteHistoryEntry { quote { id } } } }
          }
        }
        """,
        id=f"opp_{opportunity_id}",
    )
    assert answer["opportunity"]["history"]["nodes"] == [
        {
            "changes": [_change("number", "QUO-1044", None), _change("lines.1.quantity", "2.00", None)],
            "quote": None,
        }
    ]


async def test_texts_are_returned_unchanged(builder: OrganizationBuilder) -> None:
    opportunity_id = await builder.opportunity()
    text = 'A "quoted" \\ name\n\u2028 with \x01, Ωmega and 🚢, like usr_1'
    await _entry(builder, opportunity_id, details={"name": [text, ""]})
    [entry] = (await _history(builder, opportunity_id))["nodes"]
    assert entry["changes"] == [_change("name", text, "")]


def test_every_action_begins_with_the_type_of_its_subject() -> None:
    # An entry without a type would be counted in a history, but not shown.
    shown = {"OPPORTUNITY", "QUOTE", "PROJECT_CONTRACT"}
    elsewhere = {"ACCOUNT", "COMPETITOR", "STATUS_REASON", "USER"}
    assert {action.rpartition("_")[0] for action in AuditAction} <= shown | elsewhere


async def test_an_entry_is_found_by_its_id_within_its_organization(builder: OrganizationBuilder) -> None:
    entry_id = await _entry(builder, await builder.opportunity())
    other = await OrganizationBuilder.create(builder.database)
    query = "query ($id: ID!) { node(id: $id) { __typename ... on HistoryEntry { action } } }"
    found = {"__typename": "OpportunityHistoryEntry", "action": "OPPORTUNITY_UPDATED"}
    for caller, answer in ((builder.caller, found), (other.caller, None)):
        client = PlannedClient(builder.database, caller)
        assert await client.data(query, id=f"his_{entry_id}") == {"node": answer}


async def test_changes_of_other_types_are_not_part_of_a_history(builder: OrganizationBuilder) -> None:
    entry_id = await _entry(builder, None, action="ACCOUNT_UPDATED", subject_id=builder.account_id)
    client = PlannedClient(builder.database, builder.caller)
    assert await client.data("query ($id: ID!) { node(id: $id) { id } }", id=f"his_{entry_id}") == {
        "node": None
    }


async def test_graphql_core_returns_the_same_history(builder: OrganizationBuilder) -> None:
    opportunity_id = await builder.opportunity()
    await builder.quote(opportunity_id, state=QuoteState.ACTIVE)
    await close_all(builder, of_opportunity=opportunity_id)
    await close(builder, opportunity_id)
    both = HISTORY.replace("opportunity(", "__typename __schema { __typename } opportunity(", 1)
    client = Client(builder.database, builder.caller)
    answer = await client.data(both, id=f"opp_{opportunity_id}")
    assert answer["opportunity"]["history"] == await _history(builder, opportunity_id)


async def test_a_page_of_history_is_read_in_one_statement(builder: OrganizationBuilder) -> None:
    opportunity_id = await builder.opportunity()
    await close(builder, opportunity_id)
    recorder = Recorder(builder.database)
    await PlannedClient(recorder, builder.caller).data(HISTORY, id=f"opp_{opportunity_id}")
    assert len(recorder.statements) == 1


async def _history(builder: OrganizationBuilder, opportunity_id: UUID, **arguments: Any) -> Any:
    client = PlannedClient(builder.database, builder.caller)
    answer = await client.data(HISTORY, id=f"opp_{opportunity_id}", **arguments)
    return answer["opportunity"]["history"]


async def _entry(builder: OrganizationBuilder, opportunity_id: UUID | None, **columns: Any) -> UUID:
    usual = {
        "organization_id": builder.organization_id,
        "id": new_id(),
        "user_id": builder.user_id,
        "action": "OPPORTUNITY_UPDATED",
        "subject_id": opportunity_id,
        "opportunity_id": opportunity_id,
        "at": NOW,
    }
    details = orjson.dumps(columns.pop("details", {})).decode()
    entry = models.Audit(**{**usual, **columns, "details": details})
    await builder.insert(entry)
    return entry.id


def _change(field: str, before: str | None, after: str | None) -> dict[str, str | None]:
    return {"field": field, "before": before, "after": after}
