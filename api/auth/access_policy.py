"""At which names, from which pages, by whom and how much the server may be asked."""

import ipaddress
from collections.abc import Iterable, Mapping
from functools import lru_cache
from socket import socket

from api.auth.authenticator import Authenticator
from api.http.errors import HostNotAllowed
from api.http.limits import DEFAULT_LIMITS, Limits
from schema.limits.quota import ConcurrencyQuota

_IPV6 = 6

LOOPBACK_HOSTS = frozenset({"localhost", "127.0.0.1", "[::1]"})
"""The names of a server that only this machine can reach."""


class AccessPolicy:
    """Who may come in.

    ``hosts`` are the names, without ports, that clients know the server by: another name may be that of a
    page that was made to mean this machine. ``origins`` are the sites, such as
    ``https://deals.example``, whose pages may ask; the server's own playground always may. ``seats`` are the
    callers' WebSockets.
    """

    def __init__(
        self,
        authenticator: Authenticator,
        hosts: Iterable[str] = LOOPBACK_HOSTS,
        origins: Iterable[str] = (),
        limits: Limits = DEFAULT_LIMITS,
    ) -> None:
        self.authenticator = authenticator
        self.limits = limits
        self.seats = ConcurrencyQuota(limits.sockets_per_caller, "sockets")
        self.origins = tuple(origins)
        self._hosts = frozenset(host.lower() for host in hosts)
        self._is_known = lru_cache(256)(lambda host: _name(host) in self._hosts)

    def check_host(self, host: bytes | None) -> None:
        """Check the Host header of a request.

        Raises:
            UnknownHost: it is none of the names that the server goes by.
        """
        if host is None or not self._is_known(host):
            raise HostNotAllowed

    def is_cross_origin(self, headers: Mapping[bytes, bytes]) -> bool:
        """Say whether a page of another site asks, which a browser lets it do over a socket."""
        origin = headers.get(b"origin")
        if origin is None or origin.partition(b"://")[2] == headers.get(b"host"):
            return False
        return origin.decode("latin-1") not in self.origins


def loopback_hosts(bound: socket) -> frozenset[str]:
    """Return the names of a bound socket that only this machine can reach; none where others can."""
    address = ipaddress.ip_address(bound.getsockname()[0])
    if not address.is_loopback:
        return frozenset()
    return LOOPBACK_HOSTS | {f"[{address}]" if address.version == _IPV6 else str(address)}


def _name(host: bytes) -> str:
    name = host.decode("latin-1").lower()
    return name if name.endswith("]") else name.rpartition(":")[0] or name
