"""The OpenAPI description of the routes, completed by what is said over the WebSockets.

OpenAPI describes HTTP alone. The WebSockets stand in it under `x-websockets`. Their messages stand
among its schemas, made from the same types that build them.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from types import ModuleType
from typing import Any

from fastapi import FastAPI
from pydantic import TypeAdapter
from typing_extensions import get_original_bases

Json = dict[str, Any]

_SCHEMAS = "#/components/schemas/"


class CloseCode(IntEnum):
    """Why a WebSocket is closed (RFC 6455, section 7.4.1, and IANA's registry)."""

    DONE = 1000
    NOT_THIS = 1003
    TOO_LARGE = 1009
    TRY_LATER = 1013


@dataclass(frozen=True)
class Table:
    """The rows of a CSV file; each column is a field of one of several types.

    Attributes:
        columns: in their order.
        kinds: the types, the one to ask first in front.
    """

    columns: Sequence[str]
    kinds: Sequence[type]


@dataclass(frozen=True, kw_only=True)
class WebSocketDescription:
    """What is said over a WebSocket.

    Attributes:
        route: its path.
        description: what it is for.
        sent: what the client sends, in order: a type for a JSON message, else a sentence.
        received: what the server answers, likewise.
        files: what is in the files among the answers, by name.
        close: when the server closes the connection, by code.
    """

    route: str
    description: str
    sent: Sequence[type | str]
    received: Sequence[type | str]
    files: Mapping[str, type | Table] = field(default_factory=dict)
    close: Mapping[CloseCode, str]


def complete_openapi(
    app: FastAPI, websockets: Iterable[WebSocketDescription], modules: Iterable[ModuleType]
) -> None:
    """Adds WebSockets to what an application says of itself.

    Args:
        app: the application.
        websockets: its WebSockets.
        modules: hold the types of their messages; each type becomes a schema.
    """
    schemas = _schemas(modules)
    described = {each.route: _document(each, schemas) for each in websockets}
    openapi_of_routes = app.openapi

    def openapi() -> Json:
        document = openapi_of_routes()
        components = document["components"]["schemas"]
        components.update(
            (name, schema)
            for name, schema in schemas.items()
            if name not in components and not name.startswith("_")
        )
        _join_lines(components)
        return document | {"x-websockets": described}

    app.openapi = openapi  # type: ignore[method-assign]


def _schemas(modules: Iterable[ModuleType]) -> dict[str, Json]:
    """The schemas of all types that modules define, by name."""
    kinds = [kind for module in modules for kind in _kinds(module)]
    _, document = TypeAdapter.json_schemas(
        [(kind, "validation", TypeAdapter(kind)) for kind in kinds],
        ref_template=f"{_SCHEMAS}{{model}}",
    )
    schemas: dict[str, Json] = document["$defs"]
    for kind in kinds:
        _inherit_descriptions(kind, schemas)
    _join_lines(schemas)
    return schemas


def _kinds(module: ModuleType) -> Iterator[type]:
    for thing in vars(module).values():
        if hasattr(thing, "__pydantic_config__") and thing.__module__ == module.__name__:
            yield thing


def _inherit_descriptions(kind: type, schemas: Mapping[str, Json]) -> None:
    """Gives inherited fields their descriptions: pydantic reads those of a type's own fields alone."""
    fields = schemas[kind.__name__]["properties"]
    for base in get_original_bases(kind):
        for name, inherited in schemas.get(base.__name__, {}).get("properties", {}).items():
            fields[name] = inherited | fields[name]


def _join_lines(schemas: Mapping[str, Json]) -> None:
    """Makes each field's description one line, as its text would be without the source's margin."""
    for schema in schemas.values():
        for each in schema.get("properties", {}).values():
            if "description" in each:
                each["description"] = " ".join(each["description"].split())


def _document(websocket: WebSocketDescription, schemas: Mapping[str, Json]) -> Json:
    return {
        "description": websocket.description,
        "sent": [_part(each, schemas) for each in websocket.sent],
        "received": [_part(each, schemas) for each in websocket.received],
        "files": {name: _part(each, schemas) for name, each in websocket.files.items()},
        "close": {str(int(code)): when for code, when in websocket.close.items()},
    }


def _part(kind: type | str | Table, schemas: Mapping[str, Json]) -> Json:
    if isinstance(kind, str):
        return {"description": kind}
    if isinstance(kind, Table):
        fields = [schemas[each.__name__]["properties"] for each in kind.kinds]
        return {
            "description": schemas[kind.kinds[0].__name__]["description"],
            "columns": {
                column: next(each[column] for each in fields if column in each)
                for column in kind.columns
            },
        }
    return {"$ref": f"{_SCHEMAS}{kind.__name__}"}
