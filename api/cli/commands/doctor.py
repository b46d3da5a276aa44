"""``dealdesk doctor``: check the settings and the database."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from ipaddress import ip_address
from urllib.parse import parse_qs, urlsplit

import typer

from api.auth.jwks import JwksClient, WrongIssuer
from api.cli.runtime.database import embedded_database, open_unchecked, run
from api.settings import Settings
from db.domain.errors import DealdeskError
from db.maintenance.file_checks import check_file
from db.maintenance.findings import Finding, Level, fail, ok, warn
from db.maintenance.invariant_checks import check_invariants
from db.maintenance.server_checks import check_server
from db.migrations.runner import is_current

OTHER_USERS = 0o007
"""The permissions of a file for users who are neither its owner nor in its group."""

ENCRYPTED_MODES = ("require", "verify-ca", "verify-full")
"""The values of PostgreSQL's ``sslmode`` that require encryption."""


def doctor() -> None:
    """Check the settings and the database, and say how to correct what is wrong.

    Each line starts with ok, warn or fail. Exits with status 1 if any check fails.
    """
    if run(_report(Settings.from_environment())) is Level.FAIL:
        raise typer.Exit(1)


async def _report(settings: Settings) -> Level:
    worst = Level.OK
    async for finding in _check(settings):
        typer.echo(finding)
        worst = max(worst, finding.level, key=list(Level).index)
    return worst


async def _check(settings: Settings) -> AsyncIterator[Finding]:
    for finding in list(_setting_risks(settings)) or [ok("No setting is risky.")]:
        yield finding
    if settings.oidc is not None:
        try:
            await JwksClient(settings.oidc.issuer, settings.oidc.jwks_url).check_issuer()
        except WrongIssuer as error:
            yield fail(str(error), "Correct the setting.")
    try:
        async for finding in _check_database(settings):
            yield finding
    except DealdeskError as error:
        yield fail(str(error), "No further check is possible.")


def _setting_risks(settings: Settings) -> Iterator[Finding]:
    """Yield a warning for each risk, without the value of any setting that may contain a password."""
    for name, path in settings.value_files.items():
        if path.stat().st_mode & OTHER_USERS:
            yield warn(
                f"All users of this machine can access the file of {name}.",
                f"Restrict it: `chmod 600 {path}`.",
            )
    if not settings.is_embedded:
        url = urlsplit(settings.url)
        is_encrypted = parse_qs(url.query).get("sslmode", [""])[-1] in ENCRYPTED_MODES
        if not is_encrypted and url.hostname is not None and not _is_loopback(url.hostname):
            yield warn(
                "DEALDESK_DATABASE_URL does not require encryption.", "Append ?sslmode=verify-full to it."
            )
    if settings.metrics_port is not None and not _is_loopback(settings.metrics_host):
        yield warn(
            "DEALDESK_METRICS_HOST lets other machines read the metrics without a token.",
            "Allow only Prometheus to connect, with a firewall.",
        )


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


async def _check_database(settings: Settings) -> AsyncIterator[Finding]:
    if settings.is_embedded:
        file = embedded_database(settings)
        findings = await asyncio.to_thread(lambda: list(check_file(file)))
        for finding in findings:
            yield finding
        if any(finding.level is Level.FAIL for finding in findings) or not file.exists():
            return
    if not await is_current(settings.url):
        yield fail(
            "The tables do not match this version, or were restored from a backup.", "Run `dealdesk migrate`."
        )
        return
    yield ok("The tables match this version.")
    async with open_unchecked(settings) as database:
        if not settings.is_embedded:
            async for finding in check_server(database):
                yield finding
        async for finding in check_invariants(database, datetime.now(UTC)):
            yield finding
