"""The page: Gradio's frame around three tabs with our own templates and scripts."""

from typing import Any

import gradio as gr

from demo.page.examples import EXAMPLE_ANSWER, EXAMPLES
from demo.page.footer import footer
from demo.page.gradio.blocks import PrivateBlocks
from demo.page.gradio.endpoint import add_endpoint
from demo.page.link_preview import TITLE
from demo.page.static_files import MOST_PHOTOGRAPHS, starting
from demo.page.templates import FOLDER, render
from demo.settings import Settings
from demo.web.monitor import Monitor
from demo.web.routes import expressions, films, live
from demo.web.service import Service

# A longer queue would be useless, because uploads are deleted after 20 seconds (`demo.web.uploads`).
_MOST_WAITING = 40


def build(service: Service, settings: Settings, monitor: Monitor) -> gr.Blocks:
    """Builds the page; mount it with `gradio.mount_gradio_app(..., **appearance(settings))`."""
    page = PrivateBlocks(title=TITLE, analytics_enabled=False)
    with page:
        gr.HTML(render("head.html"), apply_default_css=False)
        with gr.Tabs():
            for name, script, html in _tabs(settings):
                with gr.Tab(name):
                    gr.HTML(
                        html,
                        elem_id=script.removesuffix(".js"),
                        apply_default_css=False,
                        js_on_load=starting(script),
                    )
        gr.HTML(render("footer.html", **footer(settings)), apply_default_css=False, elem_id="model")
        add_endpoint(page, service, monitor)
    return page.queue(max_size=_MOST_WAITING, api_open=False)


def appearance(settings: Settings) -> dict[str, Any]:
    """Returns the options that Gradio takes when a page is mounted, not when it is built."""
    theme = gr.themes.Default(
        primary_hue="blue",
        neutral_hue="slate",
        # Fonts of the system, because Gradio's own are fetched from Google.
        font=["system-ui", "sans-serif"],
        font_mono=["ui-monospace", "monospace"],
    ).set(body_text_color_subdued="*neutral_600", body_text_color_subdued_dark="*neutral_400")
    return {
        "theme": theme,
        "css": "\n".join(
            path.read_text("utf-8") for path in sorted((FOLDER / "styles").glob("*.css"))
        ),
        # Gradio's footer documents the page's internal calls; ours links to the HTTP routes.
        "footer_links": [],
        # Otherwise the browser keeps every picture and answer for the next person who uses it.
        "run_history": False,
        "show_error": False,
        "max_file_size": settings.max_upload_bytes,
    }


def _tabs(settings: Settings) -> list[tuple[str, str, str]]:
    """Returns each tab's name, script and HTML, with this server's limits."""
    picture = render(
        "picture.html",
        route=expressions.ROUTE.removeprefix("/"),
        examples=EXAMPLES,
        example_answer=EXAMPLE_ANSWER,
        most=MOST_PHOTOGRAPHS,
        megabytes=f"{settings.max_upload_bytes / 1e6:g}",
    )
    film = render(
        "film.html",
        route=films.ROUTE.removeprefix("/"),
        limit=films.most_film_bytes(settings),
        megabytes=round(films.most_film_bytes(settings) / 1e6),
        minutes=f"{settings.max_film_seconds / 60:g}",
    )
    return [
        ("Picture", "picture.js", picture),
        ("Live camera", "live.js", render("live.html", route=live.ROUTE.removeprefix("/"))),
        ("Film", "film.js", film),
    ]
