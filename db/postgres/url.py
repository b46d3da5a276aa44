"""URLs of PostgreSQL: the parameters that other clients know and the driver would pass on to the server."""

from urllib.parse import parse_qsl, urlencode, urlsplit

from db.domain.errors import DealdeskError

_SET_HERE = {"connect_timeout", "keepalives", "keepalives_idle", "keepalives_interval", "keepalives_count"}
"""Parameters that say what ``connection.py`` and ``Timeouts`` say for all connections."""

_UNSUPPORTED = {"channel_binding", "gssencmode"}
"""Parameters for what the driver can't do, so a URL may not require it."""


class InvalidUrlParameter(DealdeskError):
    """A parameter of the database's URL can't be used."""


def driver_url(url: str) -> str:
    """Return the URL without the parameters that change nothing here.

    Raises:
        InvalidUrlParameter: a parameter requires what the driver can't do.
    """
    parts = urlsplit(url)
    kept = []
    for name, value in parse_qsl(parts.query, keep_blank_values=True):
        if name in _UNSUPPORTED and value == "require":
            raise InvalidUrlParameter(
                f"The database's URL has {name}=require, which the driver does not support. Remove it;"
                " sslmode=verify-full encrypts the connection and authenticates the server."
            )
        if name not in _SET_HERE | _UNSUPPORTED:
            kept.append((name, value))
    return parts._replace(query=urlencode(kept)).geturl()


def unknown_parameter(error: Exception) -> InvalidUrlParameter:
    """Return the error for a parameter that the server does not know."""
    return InvalidUrlParameter(f"The database's URL has an {error}. Remove it, or correct its name.")
