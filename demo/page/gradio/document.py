"""Replaces the HTML document around Gradio's page with our own.

Gradio's document has Gradio's title and preview picture, and names hosts that are not ours.
"""

import re
from pathlib import Path

from jinja2 import ChoiceLoader, DictLoader
from markupsafe import Markup
from starlette.requests import Request

from demo.page import link_preview
from demo.page.templates import FOLDER
from demo.web.addresses import public_address

_GRADIOS = "frontend/index.html"

# Gradio's script and style sheet; their names change with each version.
_ASSETS = (
    r'<script type="module"[^>]* src="\./assets/[^"]+"[^>]*></script>',
    r'<link rel="stylesheet"[^>]* href="\./assets/[^"]+"[^>]*>',
)


def replace_document() -> None:
    """Makes Gradio use `document.html` instead of its own template.

    Raises:
        RuntimeError: Gradio's template does not name its script and style sheet as expected.
    """
    from gradio.routes import templates

    environment = templates.env
    loader = environment.loader
    if loader is None or isinstance(loader, ChoiceLoader):  # replaced already
        return
    source, *_ = loader.get_source(environment, _GRADIOS)
    assets = [found for pattern in _ASSETS for found in re.findall(pattern, source)]
    if len(assets) != len(_ASSETS):
        raise RuntimeError(f"Gradio's {_GRADIOS} does not name one script and one style sheet.")
    environment.globals.update(
        title=link_preview.TITLE,
        description=link_preview.DESCRIPTION,
        width=link_preview.WIDTH,
        height=link_preview.HEIGHT,
        assets=Markup("\n".join(assets)),
        address=_address,
        base=_base,
    )
    document = (Path(FOLDER) / "templates" / "document.html").read_text("utf-8")
    environment.loader = ChoiceLoader([DictLoader({_GRADIOS: document}), loader])
    environment.trim_blocks = True


def _address(request: Request) -> str:
    return public_address(request.scope)


def _base(request: Request) -> str:
    """Returns the path that the page's relative addresses start from, on any host."""
    root = request.scope.get("app_root_path", request.scope.get("root_path", ""))
    # If a proxy removes a path that the server does not know, the browser still resolves "./".
    return f"{root}/" if root else "./"
