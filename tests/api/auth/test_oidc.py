import asyncio
from collections.abc import Iterator
from itertools import count
from threading import Event
from time import time
from typing import Any

import httpx2
import pytest

from api.app import create_app
from api.auth import jwks
from api.auth.access_policy import AccessPolicy
from api.auth.authenticator import Authenticator
from api.auth.oidc import OidcAuthenticator, OidcConfig
from db.domain.errors import Unavailable
from schema.execution.executor import Executor
from tests.api.auth.hostile_tokens import hostile_tokens
from tests.api.support.access import BEARER, HOST, http_client
from tests.api.support.connections import TIMEOUT_SECONDS
from tests.api.support.oidc_issuer import AUDIENCE, IssuerServer, public_jwk, run_issuer
from tests.builders import OrganizationBuilder
from tests.schema.support.client import cached_schema

ASK = {"query": 'mutation { createCompetitor(input: {name: "Lever Ltd"}) { __typename } }'}
VIEWER = {"query": "{ viewer { user { name } } }"}


@pytest.fixture
def issuer() -> Iterator[IssuerServer]:
    with run_issuer() as issuer:
        yield issuer


@pytest.fixture
async def http(builder: OrganizationBuilder, issuer: IssuerServer) -> Any:
    async with http_client(app_of(builder, issuer)) as http:
        yield http


async def test_a_user_of_the_issuer_is_let_in_and_known_from_then_on(
    http: httpx2.AsyncClient, issuer: IssuerServer, builder: OrganizationBuilder
) -> None:
    for key in ("ec", "rsa"):
        answer = await ask(http, issuer.token(key=key), VIEWER)
        assert answer.json() == {"data": {"viewer": {"user": {"name": "Bob Reyes"}}}}

    assert [row.name for row in (await builder.dump())["app_user"]] == ["Ada Quill", "Bob Reyes"]
    assert issuer.asked == {"/.well-known/openid-configuration": 1, "/keys": 1}


async def test_tokens_of_our_own_work_beside_those_of_the_issuer(http: httpx2.AsyncClient) -> None:
    answer = await http.post("/graphql", json=VIEWER, headers={"authorization": BEARER})

    assert answer.json() == {"data": {"viewer": {"user": {"name": "Ada Quill"}}}}


async def test_a_hostile_token_lets_nobody_in_and_changes_nothing(
    http: httpx2.AsyncClient, issuer: IssuerServer, builder: OrganizationBuilder
) -> None:
    tokens = hostile_tokens(issuer)
    before = await builder.dump()

    answers = {name: await ask(http, token) for name, token in tokens.items()}

    for name, answer in answers.items():
        [error] = answer.json()["errors"]
        assert (answer.status_code, error["extensions"]) == (401, {"code": "UNAUTHENTICATED"}), name
        assert answer.headers["www-authenticate"] == 'Bearer error="invalid_token"', name
    assert await builder.dump() == before


async def test_clocks_may_differ_by_half_a_minute(http: httpx2.AsyncClient, issuer: IssuerServer) -> None:
    for token in (issuer.token(exp=int(time()) - 25), issuer.token(iat=int(time()) + 25)):
        assert (await ask(http, token)).status_code == 200


async def test_a_flood_of_unknown_keys_asks_the_issuer_once(
    http: httpx2.AsyncClient, issuer: IssuerServer
) -> None:
    tokens = [issuer.token(header={"kid": f"unknown {number}"}) for number in range(200)]

    answers = await asyncio.gather(*(ask(http, token) for token in tokens))

    assert {answer.status_code for answer in answers} == {401}
    assert issuer.asked == {"/.well-known/openid-configuration": 1, "/keys": 1}


async def test_a_key_that_the_issuer_has_taken_up_is_known_after_a_pause(
    http: httpx2.AsyncClient, issuer: IssuerServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (await ask(http, issuer.token(key="other"))).status_code == 401
    issuer.answers["/keys"]["keys"].append(public_jwk("other"))
    assert (await ask(http, issuer.token(key="other"))).status_code == 401

    monkeypatch.setattr(jwks, "COOLDOWN_SECONDS", 0.0)
    assert (await ask(http, issuer.token(key="other"))).status_code == 200


async def test_a_key_that_the_issuer_has_dropped_is_of_no_use_once_it_is_not_fresh(
    http: httpx2.AsyncClient, issuer: IssuerServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (await ask(http, issuer.token())).status_code == 200
    issuer.answers["/keys"] = {"keys": [public_jwk("rsa")]}

    monkeypatch.setattr(jwks, "COOLDOWN_SECONDS", 0.0)
    monkeypatch.setattr(jwks, "REFRESH_AFTER_SECONDS", 0.0)
    async with asyncio.timeout(TIMEOUT_SECONDS):
        numbers = count()
        while (await ask(http, issuer.token(jti=str(next(numbers))))).status_code == 200:  # noqa: ASYNC110 - nobody tells of it
            await asyncio.sleep(0.01)
    assert issuer.asked["/keys"] >= 2


async def test_keys_outlive_an_issuer_that_does_not_answer_for_a_while(
    http: httpx2.AsyncClient, issuer: IssuerServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (await ask(http, issuer.token())).status_code == 200
    issuer.answers.clear()
    monkeypatch.setattr(jwks, "COOLDOWN_SECONDS", 0.0)
    monkeypatch.setattr(jwks, "REFRESH_AFTER_SECONDS", 0.0)
    assert (await ask(http, issuer.token(jti="2"))).status_code == 200

    monkeypatch.setattr(jwks, "MAX_AGE_SECONDS", 0.0)
    answer = await ask(http, issuer.token(jti="3"))
    assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (503, "UNAVAILABLE")


async def test_an_issuer_that_is_silent_lets_nobody_in_and_nobody_wait(
    http: httpx2.AsyncClient, issuer: IssuerServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jwks, "TIMEOUT_SECONDS", 0.1)
    issuer.answers["/keys"] = waiting = Event()

    answers = await asyncio.gather(*(ask(http, issuer.token(jti=str(number))) for number in range(5)))
    waiting.set()

    assert {answer.status_code for answer in answers} == {503}
    assert issuer.asked["/keys"] == 1


@pytest.mark.parametrize(
    "changed",
    [
        {"/keys": None},
        {"/keys": b"not JSON"},
        {"/keys": b" " * (jwks.MAX_RESPONSE_BYTES + 1)},
        {"/keys": ["ec"]},
        {"/keys": {"keys": "ec"}},
        {
            "/.well-known/openid-configuration": {
                "issuer": "https://login.example",
                "jwks_uri": "https://a.example",
            }
        },
        {"/.well-known/openid-configuration": {"issuer": "OURS", "jwks_uri": "http://login.example/keys"}},
        {"/.well-known/openid-configuration": {"issuer": "OURS", "jwks_uri": "file:///etc/passwd"}},
    ],
)
async def test_an_issuer_that_answers_something_else_lets_nobody_in(
    changed: dict[str, Any], http: httpx2.AsyncClient, issuer: IssuerServer
) -> None:
    issuer.answers |= changed
    for answer in changed.values():
        if isinstance(answer, dict) and answer.get("issuer") == "OURS":
            answer["issuer"] = issuer.url

    assert (await ask(http, issuer.token())).status_code == 503


async def test_keys_that_are_for_something_else_are_passed_over(
    http: httpx2.AsyncClient, issuer: IssuerServer
) -> None:
    elsewhere = [
        {"kty": "oct", "k": "c2VjcmV0", "alg": "HS256", "kid": "ec"},
        {**public_jwk("ec"), "use": "enc"},
        {**public_jwk("ec"), "alg": "RS256"},
        {**public_jwk("ec"), "alg": "none"},
        {**public_jwk("ec"), "kid": None},
        {"kty": "EC", "kid": "ec"},
        "ec",
    ]
    issuer.answers["/keys"] = {"keys": [*elsewhere, public_jwk("rsa")]}

    assert (await ask(http, issuer.token())).status_code == 401
    assert (await ask(http, issuer.token(key="rsa"))).status_code == 200


async def test_claims_are_found_by_their_names_or_by_paths(
    builder: OrganizationBuilder, issuer: IssuerServer
) -> None:
    trust = OidcConfig(
        issuer=issuer.url,
        audience=AUDIENCE,
        organization="Northwind Works",
        user_claim="https://deals.example/user",
        role_claim="realm_access.roles",
    )
    roles = ["offline", "reader", "manager", 1]
    claims: Any = {"https://deals.example/user": "u7", "realm_access": {"roles": roles}}

    principal = await OidcAuthenticator(trust, builder.database).principal(
        issuer.token(organization=None, **claims)
    )

    [identity] = (await builder.dump())["identity"]
    assert (principal.role, principal.user_id, identity.subject) == ("MANAGER", identity.user_id, "u7")


async def test_where_the_keys_are_may_be_set(builder: OrganizationBuilder, issuer: IssuerServer) -> None:
    trust = OidcConfig(issuer=issuer.url, audience=AUDIENCE, jwks_url=f"{issuer.url}/keys")

    await OidcAuthenticator(trust, builder.database).principal(issuer.token())

    assert issuer.asked == {"/keys": 1}


async def test_an_issuer_that_is_not_there_is_unavailable(builder: OrganizationBuilder) -> None:
    with run_issuer() as gone:
        token = gone.token()

    with pytest.raises(Unavailable):
        await OidcAuthenticator(gone.trust, builder.database).principal(token)


def app_of(builder: OrganizationBuilder, issuer: IssuerServer) -> Any:
    authenticator = Authenticator(builder.database, OidcAuthenticator(issuer.trust, builder.database))
    entry = AccessPolicy(authenticator, hosts=[HOST])
    return create_app(Executor(cached_schema(), builder.database), builder.database, entry)


async def ask(http: httpx2.AsyncClient, token: str, body: Any = ASK) -> httpx2.Response:
    return await http.post("/graphql", json=body, headers={"authorization": f"Bearer {token}"})
