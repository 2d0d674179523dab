"""What a route says about itself, above its function, to the middleware that guards it."""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from starlette.routing import BaseRoute

Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])


def takes_picture(endpoint: Endpoint) -> Endpoint:
    """Marks a route whose requests may be as large as a picture; all other requests are small."""
    endpoint.takes_picture = True  # type: ignore[attr-defined]
    return endpoint


def needs_no_password(endpoint: Endpoint) -> Endpoint:
    """Marks a route that anybody may ask, because platforms do so without a password."""
    endpoint.needs_no_password = True  # type: ignore[attr-defined]
    return endpoint


def paths_marked(
    routes: Iterable[BaseRoute], mark: Callable[[Callable[..., Any]], Any]
) -> frozenset[str]:
    """Returns the paths of those routes that have a mark.

    Args:
        routes: the routes.
        mark: the function that sets the mark, such as `takes_picture`.
    """
    return frozenset(
        str(route.path)  # type: ignore[attr-defined]
        for route in routes
        if getattr(getattr(route, "endpoint", None), mark.__name__, False)
    )
