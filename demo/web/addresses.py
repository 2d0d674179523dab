"""Under which address the server is reached: below a path of a site of others, through proxies."""

import re

from starlette.datastructures import Headers
from starlette.types import Scope

# A host's name, or address, and its port. What else a header may hold is not repeated.
_HOST = re.compile(r"[A-Za-z0-9._-]+(:\d+)?|\[[0-9A-Fa-f:.]+\](:\d+)?")


def path_of(scope: Scope) -> str:
    """A request's path within the application, without what is above it."""
    above = scope.get("app_root_path", scope.get("root_path", ""))
    return str(scope["path"]).removeprefix(above)


def public_address(scope: Scope) -> str:
    """Where the asker's browser finds the application, with a slash at the end.

    A proxy says how it was asked in `X-Forwarded-Host` and `X-Forwarded-Proto`. Whoever asks may
    make these up, so the address is for the asker's own eyes and is never stored.

    Returns:
        Such as `https://example.org/demo/`; only `/demo/` where the host's name is none.
    """
    headers = Headers(scope=scope)
    root = f"{scope.get('app_root_path', scope.get('root_path', ''))}/"
    host = headers.get("x-forwarded-host", headers.get("host", "")).partition(",")[0].strip()
    if not _HOST.fullmatch(host):
        return root
    forwarded = headers.get("x-forwarded-proto", "").partition(",")[0].strip()
    scheme = forwarded if forwarded in ("http", "https") else scope.get("scheme", "http")
    return f"{scheme}://{host}{root}"
