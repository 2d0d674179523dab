"""Identifies a request's client, and tells whether the request asks for work."""

from ipaddress import IPv6Address, IPv6Network, ip_address

from starlette.datastructures import Headers
from starlette.types import Scope

# These methods change nothing and cost next to nothing.
_SAFE_METHODS = ("GET", "HEAD", "OPTIONS")


def client_of(scope: Scope, trusted_proxies: int) -> str:
    """Returns a client's IPv4 address, or its IPv6 network of 64 bits, which one client may own.

    Each proxy appends the address of its client to `X-Forwarded-For`. The entries of the trusted
    proxies are at the end. The client may have forged everything before them.

    Args:
        scope: the request's scope.
        trusted_proxies: how many proxies in front belong to the operator.

    Returns:
        The address, or "unknown" if there is none.
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
    """Tells whether a request may cost work: a WebSocket, or a method that is not safe."""
    if scope["type"] == "http":
        return scope["method"] not in _SAFE_METHODS
    return bool(scope["type"] == "websocket")
