"""Trusted documents: how requests name them, and how a manifest is built."""

import json
from pathlib import Path
from typing import Any

import httpx2
import pytest

from api.app import create_app
from api.cli.main import main
from api.transports.trusted_documents import (
    DocumentMode,
    InvalidDocuments,
    TrustedDocuments,
    document_id,
    load_trusted_documents,
)
from schema.execution.executor import Executor
from tests.api.support.access import access_policy, http_client
from tests.api.support.asgi_connections import acknowledged_socket
from tests.builders import OrganizationBuilder
from tests.schema.support.client import cached_schema

TRUSTED = "query Count { opportunities { totalCount } }"
OTHER = "{ opportunities { totalCount } }"
ANSWER = {"data": {"opportunities": {"totalCount": 0}}}
BY_ID = {document_id(TRUSTED): TRUSTED}
ALLOWED, ONLY = TrustedDocuments(BY_ID), TrustedDocuments(BY_ID, only=True)


def client_of(builder: OrganizationBuilder, documents: TrustedDocuments) -> httpx2.AsyncClient:
    executor = Executor(cached_schema(), builder.database)
    app = create_app(executor, builder.database, access_policy(builder.database), documents)
    return http_client(app)


async def post(builder: OrganizationBuilder, documents: TrustedDocuments, **body: Any) -> httpx2.Response:
    async with client_of(builder, documents) as http:
        return await http.post("/graphql", json=body)


def code(response: httpx2.Response) -> tuple[int, str]:
    [error] = response.json()["errors"]
    return response.status_code, error["extensions"]["code"]


def test_a_document_id_is_the_sha256_of_the_text() -> None:
    # The example of the specification's appendix.
    text = "query ($id: ID!) {\n  user(id: $id) {\n    name\n  }\n}"
    assert document_id(text) == "sha256:7dba4bd717b41f10434822356a93c32b1fb4907b983e854300ad839f84cdcd6e"


@pytest.mark.parametrize("documents", [ALLOWED, ONLY])
async def test_a_trusted_document_is_executed_by_its_id(
    builder: OrganizationBuilder, documents: TrustedDocuments
) -> None:
    assert (await post(builder, documents, documentId=document_id(TRUSTED))).json() == ANSWER


async def test_a_trusted_query_is_executed_by_get(builder: OrganizationBuilder) -> None:
    async with client_of(builder, ONLY) as http:
        response = await http.get("/graphql", params={"documentId": document_id(TRUSTED)})

    assert response.json() == ANSWER


async def test_mode_allow_executes_other_documents(
    builder: OrganizationBuilder,
) -> None:
    assert (await post(builder, ALLOWED, query=OTHER)).json() == ANSWER


@pytest.mark.parametrize("query", [OTHER, TRUSTED])
async def test_mode_only_rejects_documents_sent_as_text(builder: OrganizationBuilder, query: str) -> None:
    assert code(await post(builder, ONLY, query=query)) == (403, "DOCUMENT_NOT_TRUSTED")


async def test_the_id_takes_precedence_over_the_text(
    builder: OrganizationBuilder,
) -> None:
    response = await post(
        builder, ONLY, documentId=document_id(TRUSTED), query="{ viewer { user { name } } }"
    )

    assert response.json() == ANSWER


@pytest.mark.parametrize("documents", [TrustedDocuments(), ALLOWED, ONLY])
async def test_an_unknown_id_is_rejected(builder: OrganizationBuilder, documents: TrustedDocuments) -> None:
    assert code(await post(builder, documents, documentId=document_id(OTHER))) == (400, "DOCUMENT_NOT_FOUND")


async def test_an_id_must_be_a_string(builder: OrganizationBuilder) -> None:
    assert code(await post(builder, ALLOWED, documentId=[1])) == (400, "BAD_REQUEST")


async def test_a_rejected_document_keeps_the_websocket_open(builder: OrganizationBuilder) -> None:
    executor = Executor(cached_schema(), builder.database)
    async with acknowledged_socket(
        create_app(executor, builder.database, access_policy(builder.database), ONLY)
    ) as socket:
        socket.subscribe("1", OTHER)
        rejected = await socket.read()
        socket.send_json("subscribe", id="2", payload={"documentId": document_id(TRUSTED)})
        answered = await socket.read()

    assert (rejected["id"], rejected["type"]) == ("1", "error")
    assert rejected["payload"][0]["extensions"] == {"code": "DOCUMENT_NOT_TRUSTED"}
    assert answered == {"id": "2", "type": "next", "payload": ANSWER}


async def test_mode_only_disables_the_playground(
    builder: OrganizationBuilder,
) -> None:
    async with client_of(builder, ONLY) as http:
        response = await http.get("/graphql", headers={"accept": "text/html"})

    assert code(response) == (406, "NOT_ACCEPTABLE")


async def test_a_browser_at_the_root_is_led_to_the_playground_if_there_is_one(
    builder: OrganizationBuilder,
) -> None:
    for documents, status in ((ALLOWED, 307), (ONLY, 404)):
        async with client_of(builder, documents) as http:
            assert (await http.get("/", headers={"accept": "text/html"})).status_code == status
            assert (await http.get("/", headers={"accept": "application/json"})).status_code == 404


def test_a_built_manifest_can_be_loaded(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "lists").mkdir()
    (tmp_path / "lists" / "count.graphql").write_text(TRUSTED)

    with pytest.raises(SystemExit, match="0"):
        main(["documents", "build", str(tmp_path)])

    manifest = tmp_path / "manifest.json"
    manifest.write_text(capsys.readouterr().out)
    assert json.loads(manifest.read_text()) == BY_ID
    assert load_trusted_documents(DocumentMode.ALLOW, manifest) == ALLOWED
    assert load_trusted_documents(DocumentMode.ONLY, manifest) == ONLY
    assert load_trusted_documents(DocumentMode.OFF, manifest) == TrustedDocuments()


def test_invalid_documents_are_listed_and_not_built(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "good.graphql").write_text(TRUSTED)
    (tmp_path / "unknown.graphql").write_text("{ secrets }")
    (tmp_path / "unfinished.graphql").write_text("{")

    with pytest.raises(SystemExit, match="1"):
        main(["documents", "build", str(tmp_path)])

    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines() == [
        "dealdesk: Some documents are not valid.",
        f"{tmp_path}/unfinished.graphql: Syntax Error: Expected Name, found <EOF>.",
        f"{tmp_path}/unknown.graphql: Cannot query field 'secrets' on type 'Query'.",
    ]


def test_a_directory_without_documents_is_rejected(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="1"):
        main(["documents", "build", str(tmp_path / "missing")])

    assert capsys.readouterr().err == f"dealdesk: There is no .graphql file below {tmp_path}/missing.\n"


def test_a_document_must_be_utf_8(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "latin.graphql").write_bytes(b"# \xe9\n{ __typename }")

    with pytest.raises(SystemExit, match="1"):
        main(["documents", "build", str(tmp_path)])

    assert capsys.readouterr().err.splitlines() == [
        "dealdesk: Some documents are not valid.",
        f"{tmp_path}/latin.graphql: The file is not UTF-8.",
    ]


@pytest.mark.parametrize("text", ["[]", "{", '{"sha256:0": "{ viewer { user { name } } }"}'])
def test_an_invalid_manifest_is_rejected(text: str, tmp_path: Path) -> None:
    manifest = tmp_path / "manifest.json"
    manifest.write_text(text)

    with pytest.raises(InvalidDocuments, match=r"manifest .*manifest\.json"):
        load_trusted_documents(DocumentMode.ONLY, manifest)


def test_mode_only_needs_a_manifest() -> None:
    with pytest.raises(InvalidDocuments, match="Set DEALDESK_DOCUMENTS_MANIFEST"):
        load_trusted_documents(DocumentMode.ONLY, None)
