"""The documentation of the HTTP routes as one page that loads nothing from other sites.

FastAPI's own page fetches Swagger from another site. That fails without internet, and it tells the
other site who reads the documentation.
"""

import json
from html import escape
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse
from fastapi.routing import APIRouter

from demo.web.addresses import public_address

_STYLE = """
:root { color-scheme: light dark }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 52rem; margin: 2rem auto; padding: 0 1rem }
h2 { margin-top: 2.5rem; border-top: 1px solid #8886; padding-top: 1rem }
code, pre { font: 14px/1.45 ui-monospace, monospace }
pre { overflow-x: auto; border: 1px solid #8886; border-radius: 6px; padding: .6rem .8rem }
dt { font-weight: 600; margin-top: .8rem } dd { margin-left: 1.2rem } summary { cursor: pointer }
p { white-space: pre-line } h2 code { font-size: 18px }
"""

_EXAMPLE = """curl -F file=@party.jpg {host}/api/v1/expressions
curl -F file=@party.jpg "{host}/api/v1/expressions?explain=1"
curl -F file=@party.jpg -H "Accept: image/png" -o answer.png {host}/api/v1/expressions
curl --data-binary @party.jpg -H "Content-Type: image/jpeg" {host}/api/v1/expressions"""


def add_docs(router: APIRouter, app: FastAPI) -> None:
    """Adds `/api/docs`, which documents the routes of an application."""

    @router.get("/api/docs", include_in_schema=False, response_class=HTMLResponse)
    async def documentation(request: Request) -> str:
        return page(app.openapi(), public_address(request.scope).rstrip("/"))


def page(openapi: dict[str, Any], host: str) -> str:
    """Renders an OpenAPI description as a page.

    Args:
        openapi: the description from FastAPI.
        host: the server's address for the examples, such as `http://localhost:7860`.

    Returns:
        A complete HTML page.
    """
    info = openapi["info"]
    routes = [
        _route(method, path, operation)
        for path, methods in openapi["paths"].items()
        for method, operation in methods.items()
    ]
    websockets = [
        _websocket(path, description)
        for path, description in openapi.get("x-websockets", {}).items()
    ]
    schemas = [
        f"<details id='{escape(name)}'><summary>{escape(name)}</summary>{_json(schema)}</details>"
        for name, schema in openapi.get("components", {}).get("schemas", {}).items()
    ]
    return f"""<!doctype html><html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" type="image/svg+xml" href="../page/icon.svg">
<title>{escape(info["title"])}</title><style>{_STYLE}</style></head><body>
<h1>{escape(info["title"])}</h1><p>{escape(info.get("description", ""))}</p>
<p>Version {escape(info["version"])}, <a href="openapi.json">as OpenAPI</a></p>
<pre>{escape(_EXAMPLE.format(host=host))}</pre>
{"".join(routes)}{"".join(websockets)}<h2>Schemas</h2>{"".join(schemas)}</body></html>"""


def _route(method: str, path: str, operation: dict[str, Any]) -> str:
    rows = [
        (f"?{parameter['name']}", parameter.get("description", ""))
        for parameter in operation.get("parameters", [])
    ]
    if "requestBody" in operation:
        rows.append(("body", " or ".join(operation["requestBody"]["content"])))
    for status, response in operation["responses"].items():
        kinds = " or ".join(response.get("content", {}))
        rows.append((status, f"{response['description']} ({kinds})"))
    return _section(
        f"{method.upper()} {path}",
        operation.get("description", ""),
        [(name, escape(text)) for name, text in rows],
    )


def _websocket(path: str, description: dict[str, Any]) -> str:
    rows = [("you send", _message(message)) for message in description["sent"]]
    rows += [("you receive", _message(message)) for message in description["received"]]
    rows += [(name, _message(content)) for name, content in description["files"].items()]
    rows += [(f"closed with {code}", escape(when)) for code, when in description["close"].items()]
    return _section(f"WebSocket {path}", description["description"], rows)


def _message(message: dict[str, Any]) -> str:
    """Writes a JSON message as a link to its schema, a table as its columns, others as a sentence."""
    if "$ref" in message:
        name = escape(message["$ref"].rpartition("/")[2])
        return f"<a href='#{name}'>{name}</a> as JSON"
    text = escape(message["description"])
    if "columns" not in message:
        return text
    columns = "".join(
        f"<li><code>{escape(name)}</code> {escape(column.get('description', ''))}</li>"
        for name, column in message["columns"].items()
    )
    return f"{text}<ul>{columns}</ul>"


def _section(heading: str, text: str, rows: list[tuple[str, str]]) -> str:
    """Writes a route's part of the page; the second half of each row is HTML."""
    items = "".join(f"<dt>{escape(name)}</dt><dd>{html}</dd>" for name, html in rows)
    return f"<h2><code>{escape(heading)}</code></h2><p>{escape(text)}</p><dl>{items}</dl>"


def _json(schema: dict[str, Any]) -> str:
    return f"<pre>{escape(json.dumps(schema, indent=2))}</pre>"
