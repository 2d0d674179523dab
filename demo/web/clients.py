"""Who sends a request, and whether it asks for work."""

from ipaddress import IPv6Address, IPv6Network, ip_address

from starlette.datastructures import Headers
from starlette.types import Scope

# What changes nothing and costs next to nothing.
_SAFE_METHODS = ("GET", "HEAD", "OPTIONS")


def client_of(scope: Scope, trusted_proxies: int) -> str:
    """Who sends a request: an IPv4 address or an IPv6 network of 64 bits, which one client may own.

    Each proxy appends whom it received a request from to `X-Forwarded-For`. What the trusted ones
    appended stands at the end; all before that the client may have made up.

    Args:
        scope: of the request.
        trusted_proxies: how many proxies in front belong to the operator.

    Returns:
        The address, or "unknown" where there is none.
    """
    named = Headers(scope=scope).getlist("x-forwarded-for")
    forwarded = ",".join(named).split(",") if named else []
    if 0 < trusted_proxies <= len(forwarded):
        peer = forwarded[-trusted_proxies].strip()
    else:
        peer = scope["client"][0] if scope.get("client") else ""
    try:
        address = ip_address(peer)
    except ValueError:
        return "unknown"
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is None:
            return str(IPv6Network((address, 64), strict=False))
        address = address.ipv4_mapped
    return str(address)


def asks_for_work(scope: Scope) -> bool:
    """Whether it is a WebSocket, or a request that may cost more than next to nothing."""
    if scope["type"] == "http":
        return scope["method"] not in _SAFE_METHODS
    return bool(scope["type"] == "websocket")
