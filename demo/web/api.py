"""The list of all routes except the page's."""

from fastapi import FastAPI
from fastapi.routing import APIRouter
from starlette.routing import BaseRoute, Route

from demo.answer import schema, schema_film, schema_live
from demo.settings import Settings
from demo.web.monitor import Monitor
from demo.web.openapi import complete_openapi
from demo.web.problem import answer_errors_with_problems
from demo.web.routes import films, live
from demo.web.routes.docs import add_docs
from demo.web.routes.expressions import add_expressions
from demo.web.routes.health import add_health
from demo.web.routes.metrics import add_metrics
from demo.web.routes.not_found import NotFound
from demo.web.service import Service


def add_routes(
    app: FastAPI, service: Service, settings: Settings, monitor: Monitor
) -> list[BaseRoute]:
    """Adds the routes under `/api`, `/healthz`, `/readyz`, and `/metrics` if it is switched on.

    Any other path under `/api` gets 404, or 405 if only the method is wrong, even if the page is
    mounted at `/` afterwards.

    Returns:
        The routes, with the marks that `demo.web.marks` describes.
    """
    router = APIRouter()
    add_expressions(router, service, settings.max_upload_bytes)
    add_health(router, service)
    live.LiveViews(service, settings.live_views).add_route(router)
    films.Films(service, settings).add_route(router)
    add_docs(router, app)
    if settings.metrics:
        add_metrics(router, monitor)
    app.include_router(router)
    not_found = NotFound(router)
    app.mount("/api", not_found)
    for path in ("/api", *(route.path for route in not_found.routes)):
        app.router.routes.append(Route(path, not_found))
    answer_errors_with_problems(app)
    complete_openapi(app, (live.DESCRIPTION, films.DESCRIPTION), (schema, schema_live, schema_film))
    return router.routes
