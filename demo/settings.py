"""What the server takes from its environment; every setting is one documented field."""

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from preprocessing.images import MAX_BYTES


class Settings(BaseSettings):
    """The server's settings: `PORT`, as platforms name it, and `DEMO_` before the others.

    An empty variable counts as not set. Keyword arguments win over the environment.

    Raises:
        pydantic.ValidationError: a value is no number, or is out of its range.
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
    min_face: int = Field(
        default=40,
        ge=20,
        le=1280,
        description="The smallest face to find, in pixels of the picture scaled to a longer side "
        "of at most 1280. Below 80 a reading costs four times as much, below 40 sixteen times.",
    )
    max_upload_bytes: int = Field(
        default=MAX_BYTES,
        ge=1,
        le=MAX_BYTES,
        description="The largest picture taken in, in bytes; larger ones are answered 413.",
    )
    max_waiting: int = Field(
        default=16,
        ge=0,
        le=1000,
        description="How many pictures may wait for a free core; further ones are answered 503.",
    )
