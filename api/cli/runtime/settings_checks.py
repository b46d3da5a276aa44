"""What of the settings is risky."""

from collections.abc import Iterator
from ipaddress import ip_address
from urllib.parse import parse_qs, urlsplit

from api.settings import Settings
from db.maintenance.findings import Finding, ok, warn


def check_settings(settings: Settings) -> Iterator[Finding]:
    """Yield what is found; no value of a setting that may hold a password is repeated."""
    risks = [*_files(settings), *_database(settings), *_metrics(settings)]
    yield from risks or [ok("No setting is risky.")]


def _files(settings: Settings) -> Iterator[Finding]:
    for name, path in settings.value_files.items():
        if path.stat().st_mode & 0o007:
            yield warn(
                f"All users of this machine can get at the file of {name}.", "Keep them out: chmod 600."
            )


def _database(settings: Settings) -> Iterator[Finding]:
    if settings.is_embedded:
        return
    url = urlsplit(settings.url)
    is_encrypted = parse_qs(url.query).get("sslmode", [""])[-1] in {"require", "verify-ca", "verify-full"}
    if not is_encrypted and url.hostname is not None and not _is_loopback(url.hostname):
        yield warn(
            "DEALDESK_DATABASE_URL does not insist on encryption.", "Append ?sslmode=verify-full to it."
        )


def _metrics(settings: Settings) -> Iterator[Finding]:
    if settings.metrics_port is not None and not _is_loopback(settings.metrics_host):
        yield warn(
            "DEALDESK_METRICS_HOST lets other machines read the metrics, and nobody is asked for a token.",
            "Let a firewall pass Prometheus alone.",
        )


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
