import asyncio
from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from threading import Event
from time import time
from typing import Any

import httpx2
import jwt
import pytest

from api.app import create_app
from api.auth import jwks
from api.auth.access_policy import AccessPolicy
from api.auth.authenticator import Authenticator
from api.auth.oidc import OidcAuthenticator, OidcConfig
from api.http.errors import InvalidCredentials
from db import models
from db.domain.caller import Role
from db.domain.errors import Unavailable
from db.domain.ids import new_id
from schema.execution.executor import Executor
from tests.api.auth.hostile_tokens import hostile_tokens
from tests.api.support.access import BEARER, HOST, http_client
from tests.api.support.asgi_connections import TIMEOUT_SECONDS
from tests.api.support.oidc_issuer import AUDIENCE, IssuerServer, private_key, public_jwk, run_issuer
from tests.builders import NOW, OrganizationBuilder
from tests.schema.support.client import cached_schema

CREATE = {"query": 'mutation { createCompetitor(input: {name: "Lever Ltd"}) { __typename } }'}
VIEWER = {"query": "{ viewer { user { name } } }"}


@pytest.fixture
def issuer() -> Iterator[IssuerServer]:
    with run_issuer() as issuer:
        yield issuer


@pytest.fixture
async def http(builder: OrganizationBuilder, issuer: IssuerServer) -> Any:
    async with http_client(app_of(builder, issuer)) as http:
        yield http


async def test_a_new_user_of_the_issuer_is_created_once(
    http: httpx2.AsyncClient, issuer: IssuerServer, builder: OrganizationBuilder
) -> None:
    for key in ("ec", "rsa"):
        response = await post(http, issuer.token(key=key), VIEWER)
        assert response.json() == {"data": {"viewer": {"user": {"name": "Bob Reyes"}}}}

    assert [row.name for row in (await builder.dump())["app_user"]] == ["Ada Quill", "Bob Reyes"]
    assert issuer.requests == {"/.well-known/openid-configuration": 1, "/keys": 1}


async def test_api_tokens_work_beside_an_issuer(http: httpx2.AsyncClient) -> None:
    response = await http.post("/graphql", json=VIEWER, headers={"authorization": BEARER})

    assert response.json() == {"data": {"viewer": {"user": {"name": "Ada Quill"}}}}


async def test_a_hostile_token_is_rejected_and_nothing_changes(
    http: httpx2.AsyncClient, issuer: IssuerServer, builder: OrganizationBuilder
) -> None:
    tokens = hostile_tokens(issuer)
    before = await builder.dump()

    responses = {name: await post(http, token) for name, token in tokens.items()}

    for name, response in responses.items():
        [error] = response.json()["errors"]
        assert (response.status_code, error["extensions"]) == (401, {"code": "UNAUTHENTICATED"}), name
        assert response.headers["www-authenticate"] == 'Bearer error="invalid_token"', name
    assert await builder.dump() == before


@pytest.mark.parametrize("verified", [True, "true", "True", "TRUE"])
async def test_a_verified_address_links_its_user(
    verified: object, http: httpx2.AsyncClient, issuer: IssuerServer
) -> None:
    token = issuer.token(email="ada@example.com", email_verified=verified)

    response = await post(http, token, VIEWER)

    assert response.json() == {"data": {"viewer": {"user": {"name": "Ada Quill"}}}}


@pytest.mark.parametrize(
    "verified", [False, "false", "False", "", " true", "1", "yes", 0, 1, 1.0, [True], {}]
)
@pytest.mark.parametrize("email", ["ada@example.com", "new@example.com"])
async def test_an_address_that_is_not_verified_neither_links_nor_creates_a_user(
    email: str,
    verified: object,
    http: httpx2.AsyncClient,
    issuer: IssuerServer,
    builder: OrganizationBuilder,
) -> None:
    before = await builder.dump()

    response = await post(http, issuer.token(email=email, email_verified=verified))

    assert response.status_code == 401
    assert await builder.dump() == before


@pytest.mark.parametrize(
    ("name", "stored"),
    [
        ("\u0646\u0645\u06cc\u200c\u062f", "\u0646\u0645\u06cc\u200c\u062f"),
        ("Anne\u00a0Marie Roux", "Anne\u00a0Marie Roux"),
        ("  Bob Reyes ", "Bob Reyes"),
        ("\u200b", "bob@example.com"),
        ("Bob\u202eseyeR", "bob@example.com"),
        ("", "bob@example.com"),
        ({"first": "Bob"}, "bob@example.com"),
    ],
)
async def test_a_name_that_holds_what_a_name_may_hold_is_stored(
    name: object, stored: str, http: httpx2.AsyncClient, issuer: IssuerServer
) -> None:
    response = await post(http, issuer.token(name=name), VIEWER)

    assert response.json() == {"data": {"viewer": {"user": {"name": stored}}}}


async def test_an_organization_is_found_by_any_name_that_it_may_have(
    http: httpx2.AsyncClient, issuer: IssuerServer, builder: OrganizationBuilder
) -> None:
    name = "Anne\u00a0Marie \u0646\u0645\u06cc\u200c\u062f"
    await builder.insert(models.Organization(id=new_id(), name=name, created_at=NOW))

    assert (await post(http, issuer.token(organization=name), VIEWER)).status_code == 200


async def test_clock_skew_of_half_a_minute_is_tolerated(
    http: httpx2.AsyncClient, issuer: IssuerServer
) -> None:
    for token in (issuer.token(exp=int(time()) - 25), issuer.token(iat=int(time()) + 25)):
        assert (await post(http, token)).status_code == 200


async def test_many_unknown_keys_cause_one_request_to_the_issuer(
    http: httpx2.AsyncClient, issuer: IssuerServer
) -> None:
    tokens = [issuer.token(header={"kid": f"unknown {number}"}) for number in range(200)]

    responses = await asyncio.gather(*(post(http, token) for token in tokens))

    assert {response.status_code for response in responses} == {401}
    assert issuer.requests == {"/.well-known/openid-configuration": 1, "/keys": 1}


async def test_a_new_key_of_the_issuer_is_accepted_after_the_cooldown(
    http: httpx2.AsyncClient, issuer: IssuerServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (await post(http, issuer.token(key="other"))).status_code == 401
    issuer.responses["/keys"]["keys"].append(public_jwk("other"))
    assert (await post(http, issuer.token(key="other"))).status_code == 401

    monkeypatch.setattr(jwks, "COOLDOWN_SECONDS", 0.0)
    assert (await post(http, issuer.token(key="other"))).status_code == 200


async def test_a_removed_key_of_the_issuer_is_rejected_after_a_refresh(
    http: httpx2.AsyncClient, issuer: IssuerServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (await post(http, issuer.token())).status_code == 200
    issuer.responses["/keys"] = {"keys": [public_jwk("rsa")]}

    monkeypatch.setattr(jwks, "COOLDOWN_SECONDS", 0.0)
    monkeypatch.setattr(jwks, "REFRESH_AFTER_SECONDS", 0.0)
    async with asyncio.timeout(TIMEOUT_SECONDS):
        numbers = count()
        while (await post(http, issuer.token(jti=str(next(numbers))))).status_code == 200:  # noqa: ASYNC110 - there is no event to wait for
            await asyncio.sleep(0.01)
    assert issuer.requests["/keys"] >= 2


async def test_cached_keys_survive_an_outage_of_the_issuer_up_to_their_maximum_age(
    http: httpx2.AsyncClient, issuer: IssuerServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (await post(http, issuer.token())).status_code == 200
    issuer.responses.clear()
    monkeypatch.setattr(jwks, "COOLDOWN_SECONDS", 0.0)
    monkeypatch.setattr(jwks, "REFRESH_AFTER_SECONDS", 0.0)
    assert (await post(http, issuer.token(jti="2"))).status_code == 200

    monkeypatch.setattr(jwks, "MAX_AGE_SECONDS", 0.0)
    response = await post(http, issuer.token(jti="3"))
    assert (response.status_code, response.json()["errors"][0]["extensions"]["code"]) == (503, "UNAVAILABLE")


async def test_a_request_to_the_issuer_times_out(
    http: httpx2.AsyncClient, issuer: IssuerServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jwks, "TIMEOUT_SECONDS", 0.1)
    issuer.responses["/keys"] = waiting = Event()

    responses = await asyncio.gather(*(post(http, issuer.token(jti=str(number))) for number in range(5)))
    waiting.set()

    assert {response.status_code for response in responses} == {503}
    assert issuer.requests["/keys"] == 1


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
                "jwks_uri": "OURS",
            }
        },
        {"/.well-known/openid-configuration": {"issuer": "OURS", "jwks_uri": "http://login.example/keys"}},
        {"/.well-known/openid-configuration": {"issuer": "OURS", "jwks_uri": "file:///etc/passwd"}},
    ],
)
async def test_an_invalid_response_of_the_issuer_is_unavailable(
    changed: dict[str, Any], http: httpx2.AsyncClient, issuer: IssuerServer
) -> None:
    issuer.responses |= changed
    for response in changed.values():
        if isinstance(response, dict) and response.get("issuer") == "OURS":
            response["issuer"] = issuer.url
        if isinstance(response, dict) and response.get("jwks_uri") == "OURS":
            response["jwks_uri"] = f"{issuer.url}/keys"

    assert (await post(http, issuer.token())).status_code == 503


async def test_unusable_keys_are_ignored(http: httpx2.AsyncClient, issuer: IssuerServer) -> None:
    elsewhere = [
        {"kty": "oct", "k": "c2VjcmV0", "alg": "HS256", "kid": "ec"},
        {**public_jwk("ec"), "use": "enc"},
        {**public_jwk("ec"), "alg": "RS256"},
        {**public_jwk("ec"), "alg": "none"},
        {**public_jwk("ec"), "alg": ["ES256"]},
        {**public_jwk("ec"), "key_ops": ["sign"]},
        {**public_jwk("ec"), "kid": None},
        {"kty": "EC", "kid": "ec"},
        "ec",
    ]
    issuer.responses["/keys"] = {"keys": [*elsewhere, public_jwk("rsa")]}

    assert (await post(http, issuer.token())).status_code == 401
    assert (await post(http, issuer.token(key="rsa"))).status_code == 200


async def test_claims_are_named_by_name_or_path(builder: OrganizationBuilder, issuer: IssuerServer) -> None:
    config = OidcConfig(
        issuer=issuer.url,
        audience=AUDIENCE,
        organization="Northwind Works",
        user_claim="https://deals.example/user",
        role_claim="realm_access.roles",
    )
    roles = ["offline", "reader", "manager", 1]
    claims: Any = {"https://deals.example/user": "u7", "realm_access": {"roles": roles}}

    principal = await OidcAuthenticator(config, builder.database).authenticate(
        issuer.token(organization=None, **claims)
    )

    [identity] = (await builder.dump())["identity"]
    assert (principal.role, principal.user_id, identity.subject) == ("MANAGER", identity.user_id, "u7")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"SALES": {"1": "a.example"}, "ADMIN": {}}, "SALES"),
        ({"SALES": {"1": "a.example"}, "ADMIN": True}, "SALES"),
        (["reader", {"ADMIN": {"1": "a"}}], "READER"),
        ("Sales", "SALES"),
    ],
)
async def test_roles_are_texts_or_objects_that_are_granted(
    value: object, expected: str, builder: OrganizationBuilder, issuer: IssuerServer
) -> None:
    principal = await OidcAuthenticator(issuer.config, builder.database).authenticate(
        issuer.token(role=value)
    )

    assert principal.role == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [(["Crew", "Heads"], "MANAGER"), ("Crew", "READER"), ("crew", None), ("ADMIN", None), ("x Crew", None)],
)
async def test_a_role_map_replaces_the_names_of_the_roles(
    value: object, expected: str | None, builder: OrganizationBuilder, issuer: IssuerServer
) -> None:
    config = replace(issuer.config, role_map={"Crew": Role.READER, "Heads": Role.MANAGER})
    authenticator = OidcAuthenticator(config, builder.database)
    before = await builder.dump()

    if expected is None:
        with pytest.raises(InvalidCredentials, match="DEALDESK_OIDC_ROLE_MAP"):
            await authenticator.authenticate(issuer.token(role=value))
        assert await builder.dump() == before
    else:
        assert (await authenticator.authenticate(issuer.token(role=value))).role == expected


async def test_a_token_without_a_key_id_is_verified_by_the_only_key(
    builder: OrganizationBuilder, issuer: IssuerServer
) -> None:
    issuer.responses["/keys"] = {"keys": [{**public_jwk("ec"), "kid": None}, {"kty": "oct", "k": "c2VjcmV0"}]}
    authenticator = OidcAuthenticator(issuer.config, builder.database)
    token = jwt.encode(issuer.claims(), private_key("ec"), "ES256")

    assert (await authenticator.authenticate(token)).role == "SALES"
    for wrong in (
        jwt.encode(issuer.claims(), private_key("other"), "ES256"),
        jwt.encode(issuer.claims(), "c2VjcmV0" * 8, "HS256"),
        issuer.token(header={"kid": "ec"}),
    ):
        with pytest.raises(InvalidCredentials):
            await authenticator.authenticate(wrong)


@pytest.mark.parametrize("algorithm", ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"])
async def test_a_key_without_an_algorithm_verifies_those_of_its_type(
    algorithm: str, builder: OrganizationBuilder, issuer: IssuerServer
) -> None:
    jwk = public_jwk("rsa")
    del jwk["alg"]
    issuer.responses["/keys"] = {"keys": [jwk]}
    authenticator = OidcAuthenticator(issuer.config, builder.database)
    token = jwt.encode(issuer.claims(), private_key("rsa"), algorithm, {"kid": "rsa"})

    assert (await authenticator.authenticate(token)).role == "SALES"


async def test_an_address_that_is_present_must_be_valid_even_if_none_is_required(
    builder: OrganizationBuilder, issuer: IssuerServer
) -> None:
    config = replace(issuer.config, require_email=False)
    authenticator = OidcAuthenticator(config, builder.database)
    before = await builder.dump()

    hostile: list[dict[str, Any]] = [
        {"email": "@"},
        {"email": "ada@example.com"},
        {"email_verified": "no"},
    ]
    for changed in hostile:
        with pytest.raises(InvalidCredentials):
            await authenticator.authenticate(issuer.token(**changed))

    assert await builder.dump() == before


async def test_the_url_of_the_keys_can_be_configured(
    builder: OrganizationBuilder, issuer: IssuerServer
) -> None:
    config = OidcConfig(issuer=issuer.url, audience=AUDIENCE, jwks_url=f"{issuer.url}/keys")

    await OidcAuthenticator(config, builder.database).authenticate(issuer.token())

    assert issuer.requests == {"/keys": 1}


async def test_an_unreachable_issuer_is_unavailable(builder: OrganizationBuilder) -> None:
    with run_issuer() as stopped:
        token = stopped.token()

    with pytest.raises(Unavailable):
        await OidcAuthenticator(stopped.config, builder.database).authenticate(token)


def app_of(builder: OrganizationBuilder, issuer: IssuerServer) -> Any:
    authenticator = Authenticator(builder.database, OidcAuthenticator(issuer.config, builder.database))
    policy = AccessPolicy(authenticator, hosts=[HOST])
    return create_app(Executor(cached_schema(), builder.database), builder.database, policy)


async def post(http: httpx2.AsyncClient, token: str, body: Any = CREATE) -> httpx2.Response:
    return await http.post("/graphql", json=body, headers={"authorization": f"Bearer {token}"})
