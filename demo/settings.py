"""The server's settings from its environment; every setting is one documented field."""

import re
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints
from pydantic_settings import BaseSettings, SettingsConfigDict

from preprocessing.faces import DEFAULT, DETECTORS
from preprocessing.images import MAX_BYTES

# The first parts of the server's own paths. A root path must not begin with one of them, because a
# request could then mean either.
_TAKEN = (
    *("api", "page", "config", "assets", "static", "svelte", "gradio_api", "theme.css"),
    *("healthz", "readyz", "metrics", "robots.txt", "favicon.ico"),
)


_OTHERS = ", ".join(name for name in DETECTORS if name != DEFAULT)


def _as_detector(name: str) -> str:
    if name not in DETECTORS:
        raise ValueError(f"must be one of {', '.join(DETECTORS)}")
    return name


def _as_root_path(path: str) -> str:
    if not re.fullmatch(r"((/[A-Za-z0-9._~-]+)+)?", path):
        raise ValueError("must begin with a slash and not end with one, such as /demo")
    if path and path.split("/")[1] in _TAKEN:
        raise ValueError(f"must not be {path}, which the server uses itself")
    return path


class Settings(BaseSettings):
    """The server's settings.

    The port comes from the variable `PORT`, the name that platforms use. All other variables begin
    with `DEMO_`. An empty variable counts as not set. Keyword arguments win over the environment.

    Raises:
        pydantic.ValidationError: a value has the wrong type or is out of range.
    """

    model_config = SettingsConfigDict(
        env_prefix="DEMO_", env_ignore_empty=True, populate_by_name=True, extra="forbid"
    )

    port: int = Field(
        default=7860,
        ge=0,
        le=65535,
        validation_alias="PORT",
        description="The port to listen on; 0 picks a free one.",
    )
    host: str = Field(
        default="127.0.0.1",
        description="The address to listen on; 0.0.0.0 lets other machines connect.",
    )
    weights: str = Field(
        default="resnet", description="The name of the network's weights in model/weights."
    )
    detector: Annotated[str, AfterValidator(_as_detector)] = Field(
        default=DEFAULT,
        description=f"The face detector: {DEFAULT}, or {_OTHERS} for comparison.",
    )
    min_face: int = Field(
        default=40,
        ge=20,
        le=1280,
        description="The smallest face to find, in pixels. The picture is first scaled to at most "
        "1280 pixels on its longer side. Smaller faces take longer to find.",
    )
    max_upload_bytes: int = Field(
        default=MAX_BYTES,
        ge=1,
        le=MAX_BYTES,
        description="The largest picture accepted, in bytes; a larger one gets 413.",
    )
    max_waiting: int = Field(
        default=16,
        ge=0,
        le=1000,
        description="How many pictures may wait for a free core; any more get 503.",
    )
    requests_per_minute: int = Field(
        default=0,
        ge=0,
        le=1_000_000,
        description="How many pictures and other costly requests one client may send per minute; "
        "any more get 429. 0: no limit. The container sets 120.",
    )
    max_film_bytes: int = Field(
        default=200_000_000,
        ge=0,
        description="The largest film accepted, in bytes. A container accepts at most an eighth of "
        "its memory, because files may be kept there. 0: no films.",
    )
    max_film_seconds: int = Field(
        default=600,
        ge=1,
        description="The longest film accepted, in seconds; the command line has no limit.",
    )
    live_views: int = Field(
        default=4,
        ge=0,
        le=100,
        description="How many live camera views may be open at once; each may send up to 20 "
        "pictures per second. 0: none.",
    )
    trusted_proxies: int = Field(
        default=0,
        ge=0,
        le=10,
        description="How many of your own proxies stand in front and add to X-Forwarded-For; the "
        "client's address is then read from that header. 0: the header is ignored.",
    )
    auth: Annotated[str, StringConstraints(pattern="^([^:]+:.+)?$")] = Field(
        default="",
        repr=False,
        description="`name:password`, required for everything except the health checks.",
    )
    root_path: Annotated[str, AfterValidator(_as_root_path)] = Field(
        default="",
        description="The path under which a proxy serves the page, such as `/demo`. The proxy may "
        "remove it from requests or leave it.",
    )
    source_url: Annotated[str, StringConstraints(pattern=r"^(https?://[^\s<>\"']+)?$")] = Field(
        default="",
        description="The address of this server's source code; the page's footer links to it.",
    )
    frame_ancestors: Annotated[str, StringConstraints(pattern=r"^[\w.:/*' -]+$")] = Field(
        default="'self'",
        description="Which sites may show the page in a frame, in the syntax of "
        "Content-Security-Policy.",
    )
    log_requests: bool = Field(
        default=False,
        description="Write a line of JSON to standard output for each request. The container sets "
        "this.",
    )
    log_clients: bool = Field(
        default=False, description="Include the client's address in these lines."
    )
    metrics: bool = Field(
        default=False, description="Serve request counts for Prometheus at `GET /metrics`."
    )
