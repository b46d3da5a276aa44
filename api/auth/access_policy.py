"""Access policy: allowed Host headers, CORS origins, authentication and limits of the transports."""

import ipaddress
from collections.abc import Iterable, Mapping
from functools import lru_cache
from socket import socket

from api.auth.authenticator import Authenticator
from api.http.errors import HostNotAllowed
from api.http.limits import DEFAULT_LIMITS, Limits
from schema.limits.quota import ConcurrencyQuota

LOOPBACK_HOSTS = frozenset({"localhost", "127.0.0.1", "[::1]"})
"""The host names of a server that only this machine can reach."""


class AccessPolicy:
    """The policy that all transports share.

    ``hosts`` are the host names, without ports, that the Host header may contain. Other names are refused,
    because an attacker's domain may resolve to this machine (DNS rebinding). ``origins`` are the origins of
    web pages, such as ``https://deals.example``, that may send requests; the playground's own origin always
    may. ``socket_quota`` limits the open WebSockets of each user.
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
        self.socket_quota = ConcurrencyQuota(limits.sockets_per_caller, "sockets")
        self.origins = tuple(origins)
        self._hosts = frozenset(host.lower() for host in hosts)
        self._is_allowed = lru_cache(256)(lambda host: _host_name(host) in self._hosts)

    def check_host(self, host: bytes | None) -> None:
        """Check the Host header of a request.

        Raises:
            HostNotAllowed: the header is missing, or names another host.
        """
        if host is None or not self._is_allowed(host):
            raise HostNotAllowed

    def is_cross_origin(self, headers: Mapping[bytes, bytes]) -> bool:
        """Return whether a page of another origin sends the request, and is not allowed to.

        Browsers do not apply CORS to WebSockets, so the server has to check the Origin header.
        """
        origin = headers.get(b"origin")
        if origin is None or origin.partition(b"://")[2] == headers.get(b"host"):
            return False
        return origin.decode("latin-1") not in self.origins


def loopback_hosts(bound: socket) -> frozenset[str]:
    """Return the host names of a socket that is bound to a loopback address; none for another address."""
    address = ipaddress.ip_address(bound.getsockname()[0])
    if not address.is_loopback:
        return frozenset()
    is_ipv6 = isinstance(address, ipaddress.IPv6Address)
    return LOOPBACK_HOSTS | {f"[{address}]" if is_ipv6 else str(address)}


def _host_name(host: bytes) -> str:
    """Return the name in a Host header, without the port."""
    name = host.decode("latin-1").lower()
    return name if name.endswith("]") else name.rpartition(":")[0] or name
