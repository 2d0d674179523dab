"""The route with the counts for Prometheus."""

from fastapi.responses import Response
from fastapi.routing import APIRouter
from prometheus_client import CONTENT_TYPE_LATEST

from demo.web.monitor import Monitor


def add_metrics(router: APIRouter, monitor: Monitor) -> None:
    """Adds `/metrics`, which answers in Prometheus' text format."""

    @router.get("/metrics", include_in_schema=False)
    async def metrics() -> Response:
        return Response(monitor.exposition(), media_type=CONTENT_TYPE_LATEST)
