"""The page's HTML: Jinja templates that escape every value."""

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from model.labels import COLOURS, EMOJI, EMOTIONS

# The folder of the page: its templates, scripts and styles.
FOLDER = Path(__file__).parent

_environment = Environment(
    loader=FileSystemLoader(FOLDER / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_environment.globals.update(emotions=EMOTIONS, emoji=EMOJI, colours=COLOURS)


def render(name: str, **values: Any) -> str:
    """Fills in a template.

    Args:
        name: a file in `demo/page/templates`.
        values: the template's values, besides `emotions`, `emoji` and `colours`.

    Raises:
        jinja2.UndefinedError: the template uses a value that is not given.
    """
    return _environment.get_template(name).render(**values)
