"""The server's address as browsers see it, below a root path and through proxies."""

import re

from starlette.datastructures import Headers
from starlette.types import Scope

# A host's name or address, and its port. Any other content of a header is never repeated.
_HOST = re.compile(r"[A-Za-z0-9._-]+(:\d+)?|\[[0-9A-Fa-f:.]+\](:\d+)?")


def path_of(scope: Scope) -> str:
    """Returns a request's path within the application, without the root path."""
    above = scope.get("app_root_path", scope.get("root_path", ""))
    return str(scope["path"]).removeprefix(above)


def public_address(scope: Scope) -> str:
    """Returns the address at which the client's browser finds the application.

    A proxy passes on the original host and scheme in `X-Forwarded-Host` and `X-Forwarded-Proto`. A
    client can forge these headers, so the address is shown only to that client and never stored.

    Returns:
        An address that ends with a slash, such as `https://example.org/demo/`, or only `/demo/` if the
        host is not valid.
    """
    headers = Headers(scope=scope)
    root = f"{scope.get('app_root_path', scope.get('root_path', ''))}/"
    host = headers.get("x-forwarded-host", headers.get("host", "")).partition(",")[0].strip()
    if not _HOST.fullmatch(host):
        return root
    forwarded = headers.get("x-forwarded-proto", "").partition(",")[0].strip()
    scheme = forwarded if forwarded in ("http", "https") else scope.get("scheme", "http")
    return f"{scheme}://{host}{root}"
