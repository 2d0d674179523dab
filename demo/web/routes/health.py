"""Routes that tell whether the server runs, whether it is ready, and which version it is."""

from fastapi.routing import APIRouter

from demo.answer import schema
from demo.answer.as_json import model_json
from demo.web.marks import needs_no_password
from demo.web.problem import problem_responses
from demo.web.service import Service

VERSION = "1.1.0"

_UNAVAILABLE = "The network is still being loaded; `Retry-After` says when to try again."


def add_health(router: APIRouter, service: Service) -> None:
    @router.get("/api/v1/version", responses=problem_responses(_503=_UNAVAILABLE))
    async def version() -> schema.Version:
        """Returns the version of these routes and of the network behind them."""
        return schema.Version(api=VERSION, model=model_json(service.recognizer.classifier))

    @router.get("/healthz")
    @needs_no_password
    async def healthz() -> schema.Status:
        """Returns 200 while the process runs."""
        return schema.Status(status="alive")

    @router.get("/readyz", responses=problem_responses(_503=_UNAVAILABLE))
    @needs_no_password
    async def readyz() -> schema.Status:
        """Returns 200 once the network is loaded and has classified a face."""
        _ = service.recognizer  # raises NotReady
        return schema.Status(status="ready")
