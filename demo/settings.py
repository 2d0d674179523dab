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
        description="The port to listen on; 0 takes a free one.",
    )
    host: str = Field(
        default="127.0.0.1",
        description="The address to listen on; 0.0.0.0 lets other machines in.",
    )
    weights: str = Field(
        default="resnet", description="The name of the network's weights in model/weights."
    )
    detector: Annotated[str, AfterValidator(_as_detector)] = Field(
        default=DEFAULT,
        description="The face detector, one of those that `python -m demo classify --help` lists.",
    )
    min_face: int = Field(
        default=40,
        ge=20,
        le=1280,
        description="The smallest face to find, in pixels of the picture scaled to a longer side "
        "of at most 1280. Smaller faces take longer, because more parts of the picture are searched.",
    )
    max_upload_bytes: int = Field(
        default=MAX_BYTES,
        ge=1,
        le=MAX_BYTES,
        description="The largest picture to take, in bytes; a larger one is answered 413.",
    )
    max_waiting: int = Field(
        default=16,
        ge=0,
        le=1000,
        description="How many pictures may wait for a free core; the next one is answered 503.",
    )
    requests_per_minute: int = Field(
        default=0,
        ge=0,
        le=1_000_000,
        description="How many pictures and other costly calls one client may send a minute; the next "
        "one is answered 429. 0 sets no limit. The container sets 120.",
    )
    max_film_bytes: int = Field(
        default=200_000_000,
        ge=0,
        description="The largest film to take, in bytes. In a container, where the film may lie in "
        "memory, at most an eighth of that memory. 0 takes no film.",
    )
    max_film_seconds: int = Field(
        default=600,
        ge=1,
        description="The longest film to take. The command line reads films of any length.",
    )
    live_views: int = Field(
        default=4,
        ge=0,
        le=100,
        description="How many cameras may be live at once; each takes up to 20 pictures a second of "
        "what the cores can read. 0 allows none.",
    )
    trusted_proxies: int = Field(
        default=0,
        ge=0,
        le=10,
        description="How many of your own proxies stand in front and add to X-Forwarded-For; the "
        "client's address is read from there. 0 believes nobody's X-Forwarded-For.",
    )
    auth: Annotated[str, StringConstraints(pattern="^([^:]+:.+)?$")] = Field(
        default="",
        repr=False,
        description="`name:password`. Everything but the health checks then asks for it.",
    )
    root_path: Annotated[str, AfterValidator(_as_root_path)] = Field(
        default="",
        description="The path at which a proxy shows the page, such as `/demo`. It works whether or "
        "not the proxy removes the path.",
    )
    source_url: Annotated[str, StringConstraints(pattern=r"^(https?://[^\s<>\"']+)?$")] = Field(
        default="",
        description="Where people can read this server's source; the page's footer links there.",
    )
    frame_ancestors: Annotated[str, StringConstraints(pattern=r"^[\w.:/*' -]+$")] = Field(
        default="'self'",
        description="Which sites may show the page in a frame, as Content-Security-Policy writes it.",
    )
    log_requests: bool = Field(
        default=False,
        description="Whether to write a line of JSON for each request to standard output. The "
        "container does.",
    )
    log_clients: bool = Field(
        default=False, description="Whether these lines name the client's address."
    )
    metrics: bool = Field(
        default=False, description="Whether `GET /metrics` counts requests for Prometheus."
    )
