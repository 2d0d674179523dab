"""Serves the application below a path of a site."""

from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send


class RootPath:
    """Serves the application below a path, whether or not a proxy removes that path.

    Args:
        app: the application; its routes do not include the path.
        root_path: the path, such as `/demo`; empty for none.
    """

    def __init__(self, app: ASGIApp, root_path: str) -> None:
        self.app = app
        self.root_path = root_path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        root = self.root_path
        if root and scope["type"] in ("http", "websocket"):
            if scope["path"] == root and scope["type"] == "http":
                # Without the slash, the page's relative addresses would miss the root path.
                query = scope.get("query_string", b"").decode("latin-1")
                address = f"{root}/?{query}" if query else f"{root}/"
                await RedirectResponse(address)(scope, receive, send)
                return
            # Changed in place, because outer middleware reads from the scope which route answered.
            scope["root_path"] = root
            if not scope["path"].startswith(f"{root}/"):
                scope["path"] = root + scope["path"]
        await self.app(scope, receive, send)
