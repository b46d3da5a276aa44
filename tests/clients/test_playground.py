"""The playground in a real browser, with every other host out of reach."""

import json
import shutil
import tarfile
from pathlib import Path
from typing import Any

import pytest

from api.playground.cdn import SCRIPTS, STYLE
from api.playground.page import fallback_page
from api.playground.visiting import BUNDLE
from tests.clients.commands import CLIENTS, run
from tests.clients.conftest import Run, served
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
def visit(node: Run, browser: str, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """What a visit showed."""
    if not BUNDLE.is_dir():
        pytest.skip("the playground was not bundled at installation")
    with served(tmp_path_factory.mktemp("data")) as server:
        return json.loads(
            node("browser/visiting.js", browser, *server, tmp_path_factory.mktemp("screenshots"))
        )


def test_the_playground_is_up_within_three_seconds(visit: Any) -> None:
    assert visit["secondsToOpen"] < 3


def test_the_playground_asks_no_other_host(visit: Any) -> None:
    assert visit["elsewhere"] == []


def test_the_console_stays_empty(visit: Any) -> None:
    assert visit["problems"] == []


def test_the_first_tab_shows_the_pipeline(visit: Any) -> None:
    deals = visit["answers"]["Pipeline"]["opportunities"]

    assert deals["totalCount"] == 19
    assert [deal["name"] for deal in deals["nodes"]][:4] == [
        "Crane spare parts framework",
        "Bottling line controls",
        "Turbine hall crane inspection",
        "Harbour crane retrofit",
    ]


def test_the_second_tab_shows_one_deal_with_its_quotes(visit: Any) -> None:
    deal = visit["answers"]["OpportunityWithQuotes"]["opportunity"]

    assert deal["name"] == "Harbour crane retrofit"
    assert [(quote["number"], quote["revision"], quote["state"]) for quote in deal["quotes"]["nodes"]] == [
        ("QUO-1042", 0, "CLOSED"),
        ("QUO-1042", 1, "ACTIVE"),
        ("QUO-1043", 0, "ACTIVE"),
        ("QUO-1044", 0, "DRAFT"),
    ]


def test_the_third_tab_is_refused(visit: Any) -> None:
    refusal = visit["answers"]["BlockedClosing"]["closeOpportunity"]

    assert refusal["__typename"] == "ActiveQuotesError"
    assert [quote["number"] for quote in refusal["blockingQuotes"]["nodes"]] == ["QUO-1042", "QUO-1043"]


def test_the_fourth_tab_closes_the_quotes(visit: Any) -> None:
    closing = visit["answers"]["CloseAllQuotes"]["closeQuotes"]

    assert [(quote["number"], quote["state"]) for quote in closing["closedQuotes"]["nodes"]] == [
        ("QUO-1042", "CLOSED"),
        ("QUO-1043", "CLOSED"),
        ("QUO-1044", "CLOSED"),
    ]


def test_the_fifth_tab_closes_the_deal_as_won(visit: Any) -> None:
    closing = visit["answers"]["CloseAsWon"]["closeOpportunity"]

    assert closing["opportunity"] == {"name": "Harbour crane retrofit", "state": "WON", "version": 2}
    assert closing["opportunityClose"]["actualRevenue"] == {"amount": "1240000.00", "currencyCode": "EUR"}


def test_the_sixth_tab_is_told_of_changes(visit: Any) -> None:
    told = visit["watched"]["opportunityChanged"]

    assert told["kind"] in {"OPPORTUNITY_REOPENED", "OPPORTUNITY_CLOSED"}
    assert told["opportunity"]["name"] == "Harbour crane retrofit"


def test_the_token_of_the_start_up_link_is_sent_from_every_tab(visit: Any) -> None:
    assert visit["authorizations"] == [f"Bearer {visit['token']}"] * 6


def test_whoever_opens_it_without_the_link_is_shown_where_a_token_goes(visit: Any) -> None:
    assert '"Authorization": "Bearer dealdesk_...' in visit["signedOut"]


def test_the_page_is_as_dark_or_as_light_as_the_system(visit: Any) -> None:
    assert visit["brightness"]["dark"] < 80
    assert visit["brightness"]["light"] > 200


@pytest.fixture
def fallback(node: Run, tmp_path: Path) -> Path:  # noqa: ARG001 - npm is needed
    """A folder with the page that takes GraphiQL from a CDN, and with the packages as they were published."""
    page = fallback_page("/source")
    (tmp_path / "page.html").write_bytes(page.body)
    (tmp_path / "policy.txt").write_text(page.headers["content-security-policy"])
    (tmp_path / "source").symlink_to(BUNDLE.parent / "source")
    (tmp_path / "npm").symlink_to(PUBLISHED)
    for package in {file.path.split("/")[0] for file in CDN_FILES}:
        if not (PUBLISHED / package).exists():
            fetch(package, tmp_path)
    return tmp_path


def fetch(package: str, directory: Path) -> None:
    archive = run("npm", "pack", "--silent", package, cwd=directory).strip()
    with tarfile.open(directory / archive) as files:
        files.extractall(directory, filter="data")
    PUBLISHED.mkdir(parents=True, exist_ok=True)
    shutil.move(directory / "package", PUBLISHED / package)


def test_without_a_bundle_the_page_takes_from_a_cdn_what_has_the_hashes_it_expects(
    fallback: Path, node: Run, browser: str, server: Server
) -> None:
    visit = json.loads(node("browser/falling-back.js", browser, *server, fallback))

    assert visit["problems"] == []
    assert visit["elsewhere"] == [f"/npm/{file.path}" for file in CDN_FILES]
    assert visit["tabs"][0] == "Pipeline"
