"""Adds the WebSockets to the OpenAPI description of the routes.

OpenAPI itself describes only HTTP. The WebSockets go under `x-websockets`. Their messages go into the
schemas, which are made from the same types that build the messages.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from types import ModuleType
from typing import Any

from fastapi import FastAPI
from pydantic import TypeAdapter
from typing_extensions import get_original_bases

from demo.answer.as_table import Column, Kind

Json = dict[str, Any]

_SCHEMAS = "#/components/schemas/"

# The JSON schemas of the cells of a table.
_TYPES: dict[Kind, Json] = {
    "text": {"type": "string"},
    "int32": {"type": "integer"},
    "int64": {"type": "integer"},
    "float32": {"type": "number"},
    "float64": {"type": "number"},
    "probability": {"type": "number", "minimum": 0, "maximum": 1},
    "bool": {"type": "boolean"},
}


class CloseCode(IntEnum):
    """The reasons for closing a WebSocket (RFC 6455, section 7.4.1, and IANA's registry)."""

    DONE = 1000
    NOT_THIS = 1003
    TOO_LARGE = 1009
    TRY_LATER = 1013


@dataclass(frozen=True)
class Table:
    """A CSV file.

    Attributes:
        description: what the rows are.
        columns: the columns, in order.
    """

    description: str
    columns: Iterable[Column[Any]]


@dataclass(frozen=True, kw_only=True)
class WebSocketDescription:
    """The messages of a WebSocket.

    Attributes:
        route: the WebSocket's path.
        description: the purpose of the WebSocket.
        sent: the client's messages in order: a type for a JSON message, a sentence for any other.
        received: the server's messages, in the same form.
        files: the content of files that the server sends, by name.
        close: the reason why the server closes the connection, by code.
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
    """Adds WebSockets to an application's OpenAPI description.

    Args:
        app: the application.
        websockets: the application's WebSockets.
        modules: the modules with the types of the messages; each type becomes a schema.
    """
    schemas = _schemas(modules)
    described = {websocket.route: _document(websocket) for websocket in websockets}
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
    """Returns the schemas of all types that the modules define, by name."""
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
    """Adds descriptions to inherited fields, because pydantic reads only those of own fields."""
    fields = schemas[kind.__name__]["properties"]
    for base in get_original_bases(kind):
        for name, inherited in schemas.get(base.__name__, {}).get("properties", {}).items():
            fields[name] = inherited | fields[name]


def _join_lines(schemas: Mapping[str, Json]) -> None:
    """Joins each field's description into one line, without the line breaks of the source."""
    for schema in schemas.values():
        for field_schema in schema.get("properties", {}).values():
            if "description" in field_schema:
                field_schema["description"] = " ".join(field_schema["description"].split())


def _document(websocket: WebSocketDescription) -> Json:
    return {
        "description": websocket.description,
        "sent": [_part(message) for message in websocket.sent],
        "received": [_part(message) for message in websocket.received],
        "files": {name: _part(content) for name, content in websocket.files.items()},
        "close": {str(int(code)): when for code, when in websocket.close.items()},
    }


def _part(kind: type | str | Table) -> Json:
    if isinstance(kind, str):
        return {"description": kind}
    if isinstance(kind, Table):
        return {
            "description": kind.description,
            "columns": {
                column.name: _TYPES[column.kind]
                | {"description": f"{column.meaning[0].upper()}{column.meaning[1:]}."}
                for column in kind.columns
            },
        }
    return {"$ref": f"{_SCHEMAS}{kind.__name__}"}
