"""The playground in a real browser that can reach no other host."""

import json
import shutil
import tarfile
from pathlib import Path
from typing import Any

import pytest

from api.playground.cdn import SCRIPTS, STYLE
from api.playground.middleware import BUNDLE_DIRECTORY
from api.playground.page import cdn_page
from tests.clients.commands import CLIENTS, ROOT, run
from tests.clients.conftest import Once, Run, serve_sample_data
from tests.machine import slowdown
from tests.smoke import Server

CDN_FILES = (STYLE, *SCRIPTS)
PUBLISHED = CLIENTS / "generated" / "published"

BROWSERS = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="module")
def browser() -> str:
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        pytest.skip("chromium is not installed")
    return browser


@pytest.fixture(scope="module")
def run_script(node: Run, browser: str, tmp_path_factory: pytest.TempPathFactory, once: Once) -> Run:
    """Run a script against a server of its own, once for all processes; returns its output."""
    if not BUNDLE_DIRECTORY.is_dir():
        pytest.skip("the playground is not bundled")

    def visit(script: str) -> str:
        with serve_sample_data(tmp_path_factory.mktemp("data")) as server:
            return node(f"browser/{script}", browser, *server, tmp_path_factory.mktemp("screenshots"))

    return lambda script: once(script, lambda: visit(script))


@pytest.fixture(scope="module")
def visit(run_script: Run) -> Any:
    return json.loads(run_script("visit-playground.js"))


@pytest.fixture(scope="module")
def session(run_script: Run) -> Any:
    return json.loads(run_script("visit-session.js"))


def test_the_playground_loads_within_three_seconds(visit: Any) -> None:
    assert min(visit["secondsToOpen"]) / slowdown() < 3  # of two visits, while other tests run


def test_the_playground_sends_requests_to_no_other_host(visit: Any) -> None:
    assert visit["elsewhere"] == []


def test_the_console_stays_empty(visit: Any) -> None:
    assert visit["problems"] == []


def test_the_first_tab_shows_the_pipeline(visit: Any) -> None:
    opportunities = visit["passes"][0]["Pipeline"]["opportunities"]

    assert opportunities["totalCount"] == 19
    assert [opportunity["name"] for opportunity in opportunities["nodes"]][:4] == [
        "Crane spare parts framework",
        "Bottling line controls",
        "Turbine hall crane inspection",
        "Harbour crane retrofit",
    ]


def test_the_second_tab_shows_an_opportunity_with_its_quotes(visit: Any) -> None:
    opportunity = visit["passes"][0]["OpportunityWithQuotes"]["opportunity"]

    assert opportunity["name"] == "Harbour crane retrofit"
    assert [
        (quote["number"], quote["revision"], quote["state"]) for quote in opportunity["quotes"]["nodes"]
    ] == [
        ("QUO-1042", 0, "CLOSED"),
        ("QUO-1042", 1, "ACTIVE"),
        ("QUO-1043", 0, "ACTIVE"),
        ("QUO-1044", 0, "DRAFT"),
    ]


def test_the_third_tab_is_refused(visit: Any) -> None:
    refusal = visit["passes"][0]["BlockedClosing"]["closeOpportunity"]

    assert refusal["__typename"] == "ActiveQuotesError"
    assert [quote["number"] for quote in refusal["blockingQuotes"]["nodes"]] == ["QUO-1042", "QUO-1043"]


def test_the_fourth_tab_closes_the_quotes(visit: Any) -> None:
    closing = visit["passes"][0]["CloseAllQuotes"]["closeQuotes"]

    assert [(quote["number"], quote["state"]) for quote in closing["closedQuotes"]["nodes"]] == [
        ("QUO-1042", "CLOSED"),
        ("QUO-1043", "CLOSED"),
        ("QUO-1044", "CLOSED"),
    ]


def test_the_fifth_tab_closes_the_opportunity_as_won(visit: Any) -> None:
    closing = visit["passes"][0]["CloseAsWon"]["closeOpportunity"]

    assert closing["opportunity"] == {"name": "Harbour crane retrofit", "state": "WON", "version": 2}
    assert closing["opportunityClose"]["actualRevenue"] == {"amount": "1240000.00", "currencyCode": "EUR"}


def test_the_sixth_tab_shows_the_history_of_the_opportunity(visit: Any) -> None:
    history = visit["passes"][0]["History"]["opportunity"]["history"]

    assert [entry["action"] for entry in history["nodes"]][:4] == [
        "OPPORTUNITY_CLOSED",
        "QUOTE_CLOSED",
        "QUOTE_CLOSED",
        "QUOTE_CLOSED",
    ]
    assert {"field": "state", "before": "OPEN", "after": "WON"} in history["nodes"][0]["changes"]


def test_the_seventh_tab_reopens_the_opportunity(visit: Any) -> None:
    reopening = visit["passes"][0]["Reopen"]["reopenOpportunity"]

    assert reopening["opportunity"] == {
        "name": "Harbour crane retrofit",
        "state": "OPEN",
        "actualRevenue": None,
    }
    assert (reopening["canceledClose"]["state"], reopening["canceledClose"]["outcome"]) == ("CANCELED", "WON")


def test_the_eighth_tab_creates_an_opportunity(visit: Any) -> None:
    opportunity = visit["passes"][0]["CreateOpportunity"]["createOpportunity"]["opportunity"]

    assert (opportunity["name"], opportunity["state"], opportunity["account"]["name"]) == (
        "Quayside lighting",
        "OPEN",
        "Port of Aldermouth",
    )
    assert opportunity["estimatedRevenue"] == {"amount": "84000.00", "currencyCode": "EUR"}


def test_the_ninth_tab_puts_the_opportunity_on_hold(visit: Any) -> None:
    opportunity = visit["passes"][0]["UpdateOpportunity"]["updateOpportunity"]["opportunity"]

    assert (opportunity["state"], opportunity["statusReason"]["label"]) == ("OPEN", "On Hold")
    assert (opportunity["estimatedCloseDate"], opportunity["version"]) == (None, 4)


def test_the_tenth_tab_copies_a_quote(visit: Any) -> None:
    quote = visit["passes"][0]["CreateQuote"]["createQuote"]["quote"]

    assert (quote["revision"], quote["state"], quote["total"]["amount"]) == (0, "DRAFT", "89200.00")
    assert [line["name"] for line in quote["lines"]["nodes"]] == [
        "Fender load sensor",
        "Installation by divers",
    ]


def test_the_eleventh_tab_adds_lines_to_a_draft(visit: Any) -> None:
    quote = visit["passes"][0]["UpdateQuote"]["updateQuote"]["quote"]

    assert (quote["number"], quote["total"]["amount"]) == ("QUO-1059", "23741.00")
    assert [(line["name"], line["total"]["amount"]) for line in quote["lines"]["nodes"]] == [
        ("Fender load sensor", "10680.00"),
        ("Installation by divers", "8640.00"),
        ("Spare sensor", "2901.00"),
        ("Commissioning", "1520.00"),
    ]


def test_the_twelfth_tab_revises_a_quote(visit: Any) -> None:
    revising = visit["passes"][0]["ReviseQuote"]["reviseQuote"]

    assert revising["revisedQuote"] == {"number": "QUO-1058", "revision": 0, "statusReason": "REVISED"}
    assert revising["draft"] == {"number": "QUO-1058", "revision": 1, "state": "DRAFT"}


def test_the_thirteenth_tab_wins_a_quote(visit: Any) -> None:
    answer = visit["passes"][0]["WinQuote"]

    assert answer["activateQuote"] == {"__typename": "ActivateQuoteSuccess"}
    assert answer["winQuote"]["quote"] == {
        "number": "QUO-1059",
        "revision": 0,
        "state": "WON",
        "opportunity": {"name": "Quay wall fender monitoring", "state": "OPEN"},
    }
    assert answer["winQuote"]["closedQuotes"]["nodes"] == [
        {"number": "QUO-1058", "revision": 1, "statusReason": "LOST"}
    ]


def test_the_fourteenth_tab_closes_the_closable_opportunities(visit: Any) -> None:
    closing = visit["passes"][0]["CloseMany"]["closeOpportunities"]

    assert closing["closedOpportunities"]["nodes"] == [{"name": "Harbour crane retrofit", "state": "LOST"}]
    assert closing["closedQuotes"] == {"totalCount": 1}
    assert [failure["code"] for failure in closing["failures"]] == ["NOT_FOUND"]


def test_the_fifteenth_tab_counts_won_opportunities_by_contracting_unit(visit: Any) -> None:
    groups = visit["passes"][0]["Analytics"]["dealAnalytics"]

    assert {group["contractingUnit"]["name"]: group["wonCount"] for group in groups} == {
        "Industrial Automation": 2,
        "Marine and Ports": 2,
        "Nordic Delivery": 3,
        "North America": 2,
        "UK Delivery": 3,
    }


def test_the_sixteenth_tab_lists_the_status_reasons(visit: Any) -> None:
    reasons = visit["passes"][0]["StatusReasons"]["statusReasons"]["nodes"]

    assert [reason["label"] for reason in reasons] == [
        "Budget Frozen",
        "Canceled",
        "In Progress",
        "On Hold",
        "Out-Sold",
        "Won",
    ]


def test_the_last_tab_receives_an_event(visit: Any) -> None:
    event = visit["passes"][0]["Watch"]["opportunityChanged"]

    assert event["kind"] in {"OPPORTUNITY_REOPENED", "OPPORTUNITY_CLOSED"}
    assert event["opportunity"]["name"] == "Harbour crane retrofit"


def test_the_token_of_the_start_up_link_is_sent_from_every_tab(visit: Any) -> None:
    assert visit["authorizations"] == [f"Bearer {visit['token']}"] * 34


def test_the_examples_work_again_with_new_records(visit: Any) -> None:
    first, second = visit["passes"]

    assert _outcomes(second) == _outcomes(first)
    assert second["OpportunityWithQuotes"]["opportunity"]["name"] == "Harbour crane retrofit"
    assert (
        second["WinQuote"]["winQuote"]["quote"]["number"] != first["WinQuote"]["winQuote"]["quote"]["number"]
    )


def _outcomes(answers: Any) -> dict[str, list[str]]:
    """The types of the mutations' results by operation."""
    return {
        operation: [field["__typename"] for field in data.values() if "__typename" in field]
        for operation, data in answers.items()
    }


def test_without_a_token_the_page_asks_for_one_and_sends_none(session: Any) -> None:
    signed_out = session["signedOut"]

    assert (signed_out["isSignedIn"], signed_out["authorization"]) == (False, None)
    [error] = signed_out["response"]["errors"]
    assert error["extensions"]["code"] == "UNAUTHENTICATED"


def test_without_a_token_the_documentation_can_be_read(session: Any) -> None:
    assert "closeOpportunity(input: CloseOpportunityInput!)" in session["signedOut"]["documentation"]


def test_a_token_that_is_none_is_refused(session: Any) -> None:
    assert session["refusal"] == "This is neither a token nor a sign-in link."
    assert session["wrongToken"] == "This token is not valid. Paste another one."


def test_a_reload_keeps_the_token(session: Any) -> None:
    assert session["afterReload"] is True


def test_a_second_window_is_signed_in_and_the_token_is_not_stored(session: Any) -> None:
    assert session["header"].split("\n")[0] == "Ingrid Solheim, Corvane Engineering"
    assert session["token"] not in session["stored"]


def test_a_link_that_is_pasted_into_an_open_tab_signs_in_and_leaves_the_url(session: Any) -> None:
    assert session["afterPaste"] == session["url"]


@pytest.mark.parametrize(
    ("chosen", "operation", "type_name"), [("first", "First", "Query"), ("second", "Second", "Mutation")]
)
def test_the_chosen_one_of_two_operations_on_a_line_is_run(
    chosen: str, operation: str, type_name: str, session: Any
) -> None:
    request = session["requests"][chosen]

    assert (request["operationName"], request["data"]) == (operation, {"__typename": type_name})


def test_a_subscription_without_a_name_is_run(session: Any) -> None:
    request = session["requests"]["subscription"]

    assert (request["status"], request["operationName"]) == (200, None)
    assert request["contentType"].startswith("text/event-stream")


def test_the_pages_of_a_session_have_no_problems(session: Any) -> None:
    assert (session["problems"], session["elsewhere"]) == ([], [])


@pytest.mark.parametrize("width", [390, 1280, 1920])
def test_the_answer_can_be_read_in_every_width(width: int, session: Any) -> None:
    page = session["widths"][str(width)]
    answer = page["answer"]

    assert answer["width"] > (350 if width == 390 else width * 0.4)
    assert answer["height"] > 300
    assert answer["x"] + answer["width"] <= width
    assert answer["y"] + answer["height"] <= page["height"]
    assert page["scrollWidth"] == width


@pytest.mark.parametrize("width", [390, 1280, 1920])
def test_the_last_tab_can_be_reached_in_every_width(width: int, session: Any) -> None:
    page = session["widths"][str(width)]

    assert page["tabs"] == 17
    assert page["areTabsVisible"] or page["areTabsScrollable"]


def test_the_page_follows_the_colour_scheme_of_the_system(visit: Any) -> None:
    assert visit["brightness"]["dark"] < 80
    assert visit["brightness"]["light"] > 200


@pytest.fixture
def fallback(node: Run, tmp_path: Path) -> Path:  # noqa: ARG001 - npm has to be installed
    """A folder with the page that loads GraphiQL from a CDN, and with the published packages."""
    page = cdn_page("/source")
    (tmp_path / "page.html").write_bytes(page.body)
    (tmp_path / "policy.txt").write_text(page.headers["content-security-policy"])
    shutil.copytree(BUNDLE_DIRECTORY.parent / "source", tmp_path / "source")
    shutil.copy(ROOT / "schema" / "schema.graphql", tmp_path / "source")
    (tmp_path / "npm").symlink_to(PUBLISHED)
    for package in {file.path.split("/")[0] for file in CDN_FILES}:
        if not (PUBLISHED / package).exists():
            fetch_package(package, tmp_path)
    return tmp_path


def fetch_package(package: str, directory: Path) -> None:
    archive = run("npm", "pack", "--silent", package, cwd=directory).strip()
    with tarfile.open(directory / archive) as files:
        files.extractall(directory, filter="data")
    PUBLISHED.mkdir(parents=True, exist_ok=True)
    shutil.move(directory / "package", PUBLISHED / package)


def test_without_a_bundle_the_page_loads_files_with_the_expected_hashes_from_a_cdn(
    fallback: Path, node: Run, browser: str, server: Server
) -> None:
    visit = json.loads(node("browser/visit-cdn-page.js", browser, *server, fallback))

    assert visit["problems"] == []
    assert visit["elsewhere"] == [f"/npm/{file.path}" for file in CDN_FILES]
    assert visit["tabs"][0] == "Pipeline"
