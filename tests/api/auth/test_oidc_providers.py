"""The tokens of identity providers, with the settings that api/README.md gives for them."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import time
from typing import Any

import jwt
import pytest

from api.auth.oidc import OidcAuthenticator
from api.auth.principal import Principal
from api.http.errors import InvalidCredentials
from api.settings import Settings
from tests.api.support.oidc_issuer import IssuerServer, private_key, public_jwk, run_issuer
from tests.builders import OrganizationBuilder

README = Path("api/README.md").read_text("utf-8")
TENANT = "9122040d-6c67-4c5b-b112-36a304b66dad"
CLIENT = "0oa1f2client"
PERSON = {"name": "Ada Quill", "email": "ada@example.com"}


@dataclass(frozen=True)
class Provider:
    """One provider: its issuer's path, and the claims of the tokens of a person and of a program."""

    path: str
    person: dict[str, Any]
    program: dict[str, Any]
    header: dict[str, Any] = field(default_factory=dict)
    role: str = "SALES"
    program_role: str = "READER"
    program_name: str = CLIENT
    key_has_algorithm: bool = True


PROVIDERS = {
    "Keycloak": Provider(
        path="/realms/sales",
        header={"typ": "JWT"},
        person={
            **PERSON,
            "aud": ["dealdesk", "account"],
            "typ": "Bearer",
            "azp": "webapp",
            "sid": "c1",
            "acr": "1",
            "sub": "09a3ceb7-fb2e-4983-9f19-cd6b236e050e",
            "realm_access": {"roles": ["offline_access", "admin"]},
            "resource_access": {"dealdesk": {"roles": ["sales"]}, "account": {"roles": ["manage-account"]}},
            "scope": "openid email profile",
            "email_verified": True,
            "preferred_username": "ada",
        },
        program={
            "aud": "dealdesk",
            "typ": "Bearer",
            "azp": "nightly",
            "client_id": "nightly",
            "sub": "d952cf23-bf92-4c8f-a3ff-4972b4f2bc5b",
            "resource_access": {"dealdesk": {"roles": ["READER"]}},
            "scope": "email profile",
            "email_verified": False,
            "preferred_username": "service-account-nightly",
            "clientHost": "127.0.0.1",
        },
        program_name="service-account-nightly",
    ),
    "Auth0": Provider(
        path="/",
        header={"typ": "at+jwt"},
        person={
            "aud": ["https://deals.example", "https://tenant.auth0.com/userinfo"],
            "sub": "auth0|6553da60a54af58e29493993",
            "azp": "webapp",
            "scope": "openid profile",
            "permissions": ["read:deals"],
            "https://deals.example/roles": ["Deal sales"],
            "https://deals.example/name": PERSON["name"],
            "https://deals.example/email": PERSON["email"],
            "https://deals.example/email_verified": True,
        },
        program={
            "aud": "https://deals.example",
            "sub": f"{CLIENT}@clients",
            "azp": CLIENT,
            "gty": "client-credentials",
            "scope": "read:deals",
            "permissions": ["read:deals"],
        },
    ),
    "Microsoft Entra ID": Provider(
        path=f"/{TENANT}/v2.0",
        header={"typ": "JWT"},
        key_has_algorithm=False,
        person={
            **PERSON,
            "aud": "11111111-2222-3333-4444-555555555555",
            "azp": CLIENT,
            "azpacr": "0",
            "oid": "690222be-ff1a-4d56-abd1-7e4f7d38e474",
            "preferred_username": "ada@example.com",
            "rh": "0.AXoA",
            "roles": ["SALES"],
            "scp": "access_as_user",
            "sub": "HKZpfaHyWadeOouYlitjrI-KffTm222X5rrV3xDqfKQ",
            "tid": TENANT,
            "ver": "2.0",
            "xms_edov": True,
        },
        program={
            "aud": "11111111-2222-3333-4444-555555555555",
            "azp": CLIENT,
            "azpacr": "1",
            "idtyp": "app",
            "oid": "b6bd0f0c-1f0a-4e4e-9f0c-0f6d4f7a0c11",
            "roles": ["READER"],
            "sub": "b6bd0f0c-1f0a-4e4e-9f0c-0f6d4f7a0c11",
            "tid": TENANT,
            "ver": "2.0",
        },
    ),
    "Amazon Cognito": Provider(
        path="/us-east-1_EXAMPLE",
        person={
            **PERSON,
            "sub": "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee",
            "cognito:groups": ["deal-sales"],
            "client_id": "1example23456789",
            "token_use": "access",
            "version": 2,
            "scope": "openid deals/read",
            "username": "ada",
            "email_verified": "true",
        },
        program={
            "sub": "1example23456789",
            "client_id": "1example23456789",
            "token_use": "access",
            "version": 2,
            "scope": "deals/list deals/read",
        },
        program_name="1example23456789",
    ),
    "Zitadel": Provider(
        path="",
        person={
            **PERSON,
            "aud": ["165467338479501569@deals", "69234237810729019"],
            "client_id": "165467338479501569@deals",
            "sub": "165467338479111111",
            "email_verified": True,
            "urn:zitadel:iam:org:project:roles": {"sales": {"344373908297744388": "northwind.localhost"}},
        },
        program={
            "aud": ["69234237810729019"],
            "client_id": "nightly",
            "sub": "345377791925026818",
            "urn:zitadel:iam:org:project:roles": {"reader": {"344373908297744388": "northwind.localhost"}},
        },
        program_name="nightly",
    ),
    "Okta": Provider(
        path="/oauth2/default",
        person={
            **PERSON,
            "ver": 1,
            "aud": "api://default",
            "cid": CLIENT,
            "uid": "00u5t60iloOHN9pBi0h7",
            "scp": ["openid", "deals.read"],
            "sub": "ada@example.com",
            "email_verified": True,
            "groups": ["Everyone", "Deal sales"],
        },
        program={
            "ver": 1,
            "aud": "api://default",
            "cid": CLIENT,
            "scp": ["deals.read"],
            "sub": CLIENT,
        },
    ),
}


@pytest.fixture
def issuer() -> Iterator[IssuerServer]:
    with run_issuer() as issuer:
        yield issuer


class SignIn:
    """Signs in with the tokens of a provider, in the settings of the README."""

    def __init__(self, name: str, issuer: IssuerServer, builder: OrganizationBuilder) -> None:
        self.provider = PROVIDERS[name]
        self.url = issuer.url + self.provider.path
        jwk = public_jwk("rsa")
        if not self.provider.key_has_algorithm:
            del jwk["alg"]
        base = self.provider.path.rstrip("/")
        issuer.responses = {
            f"{base}/.well-known/openid-configuration": {
                "issuer": self.url,
                "jwks_uri": f"{issuer.url}{base}/keys",
            },
            f"{base}/keys": {"keys": [jwk, public_jwk("ec")]},
        }
        settings = Settings.from_environment()
        assert settings.oidc is not None
        config = replace(settings.oidc, issuer=self.url, organization=str(builder.organization_id))
        self._authenticator = OidcAuthenticator(config, builder.database)

    async def __call__(self, claims: dict[str, Any], *, algorithm: str = "RS256") -> Principal:
        times = {"iss": self.url, "iat": int(time()), "nbf": int(time()), "exp": int(time()) + 600}
        token = jwt.encode(
            times | claims, private_key("rsa"), algorithm, {"typ": None, "kid": "rsa", **self.provider.header}
        )
        return await self._authenticator.authenticate(token)


@pytest.fixture(params=PROVIDERS)
async def sign_in(
    request: pytest.FixtureRequest,
    issuer: IssuerServer,
    builder: OrganizationBuilder,
    monkeypatch: pytest.MonkeyPatch,
) -> SignIn:
    section = README.split(f"#### {request.param}\n")[1]
    [block] = re.findall(r"```sh\n(.*?)```", section.split("\n##")[0], re.DOTALL)
    monkeypatch.setenv("DEALDESK_OIDC_ISSUER", "https://login.example")
    for line in block.splitlines():
        [assignment] = shlex.split(line.removeprefix("export "))
        monkeypatch.setenv(*assignment.split("=", 1))
    return SignIn(request.param, issuer, builder)


async def test_a_person_is_linked_by_the_verified_address(
    sign_in: SignIn, builder: OrganizationBuilder
) -> None:
    principal = await sign_in(sign_in.provider.person)

    assert (principal.user_id, principal.role) == (builder.user_id, sign_in.provider.role)


async def test_a_program_has_a_user_of_its_own(sign_in: SignIn, builder: OrganizationBuilder) -> None:
    first = await sign_in(sign_in.provider.program)
    again = await sign_in(sign_in.provider.program)

    _, user = (await builder.dump())["app_user"]
    assert first.user_id == again.user_id == user.id
    assert (first.role, user.name) == (sign_in.provider.program_role, sign_in.provider.program_name)
    assert user.email == f"usr_{user.id}@no-address.invalid"


async def test_a_token_for_another_audience_or_without_a_role_is_rejected(
    sign_in: SignIn, builder: OrganizationBuilder
) -> None:
    person = sign_in.provider.person
    before = await builder.dump()

    roleless = {
        name: value
        for name, value in person.items()
        if not re.search(r"role|group|resource_access|permissions|scp|scope", name)
    }
    audience = {name: "other" for name in ("aud", "client_id") if name in person}
    for claims in (roleless, person | audience, person | {"aud": "other", "client_id": None}):
        with pytest.raises(InvalidCredentials):
            await sign_in(claims)

    assert await builder.dump() == before


async def test_algorithms_of_the_key_only_are_accepted(sign_in: SignIn) -> None:
    for algorithm in ("RS512", "PS256"):
        if sign_in.provider.key_has_algorithm:
            with pytest.raises(InvalidCredentials):
                await sign_in(sign_in.provider.person, algorithm=algorithm)
        else:
            await sign_in(sign_in.provider.person, algorithm=algorithm)
