"""Answers requests under `/api` that no route takes."""

from fastapi.routing import APIRoute, APIRouter
from starlette.types import Receive, Scope, Send

from demo.web import problem
from demo.web.addresses import path_of


class NotFound:
    """Answers 404 or 405 under `/api`, so that requests there do not fall through to the page."""

    def __init__(self, router: APIRouter) -> None:
        self.routes = [route for route in router.routes if isinstance(route, APIRoute)]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = path_of(scope)
        methods = sorted(
            method for route in self.routes if route.path == path for method in route.methods or ()
        )
        if methods:
            detail = f"{path} takes {' and '.join(methods)}, not {scope['method']}."
            refusal = problem.problem(405, detail, {"Allow": ", ".join(methods)})
        else:
            refusal = problem.problem(404, f"There is no {path}; see /api/docs.")
        await refusal(scope, receive, send)
