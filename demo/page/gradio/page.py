"""The page: a picture from a file, the clipboard or the camera, and every face's expression."""

import asyncio
import base64
import time
from functools import partial
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr
import matplotlib
import numpy as np
from starlette.exceptions import HTTPException

from demo.answer import to_json
from demo.drawing import bar_chart, reduced
from demo.page import answer_html, text
from demo.page.files import starting
from demo.page.foot import foot
from demo.page.gradio.blocks import PrivateBlocks
from demo.page.gradio.endpoint import add_endpoint
from demo.page.sharing import TITLE
from demo.page.templates import FOLDER, render
from demo.service import Busy, NotReady, Service
from demo.service import read as read_picture
from demo.settings import Settings
from demo.web import films, live
from demo.web.monitoring import Monitor
from model import Recognizer
from model.labels import EMOTIONS
from preprocessing.images import InvalidImage

# Who waits longer than 20 seconds finds the picture deleted (see `demo.web.uploads`).
_MOST_WAITING = 40

_WAITED_TOO_LONG = "The picture waited too long and has been deleted. Choose it again."

# Gradio gives the example's button a picture and no name.
_NAME_THE_EXAMPLE = """() => {
    document.querySelector("#examples button").setAttribute("aria-label", "Grace Hopper");
}"""

# Most browsers cannot show these; they get a decoded copy to show instead.
_NOT_SHOWN = (".heic", ".heif", ".hif", ".tif", ".tiff")


def build(service: Service, settings: Settings, monitor: Monitor) -> gr.Blocks:
    """The page, to be mounted with `gradio.mount_gradio_app(..., **appearance(settings))`."""
    page = PrivateBlocks(title=TITLE, analytics_enabled=False)
    with page:
        gr.HTML(render("head.html"), apply_default_css=False)
        with gr.Tabs():
            with gr.Tab("Picture"):
                _picture_tab(service, settings, monitor)
            with gr.Tab("Live camera"):
                gr.HTML(
                    render("live.html", route=live.ROUTE.removeprefix("/")),
                    elem_id="live",
                    apply_default_css=False,
                    js_on_load=starting("live.js"),
                )
            with gr.Tab("Film"):
                gr.HTML(
                    _film_tab(settings),
                    elem_id="film",
                    apply_default_css=False,
                    js_on_load=starting("film.js"),
                )
        gr.HTML(render("foot.html", **foot(settings)), apply_default_css=False, elem_id="model")
        page.load(js=_NAME_THE_EXAMPLE)
        add_endpoint(page, service, monitor)
    return page.queue(max_size=_MOST_WAITING, api_open=False)


def appearance(settings: Settings) -> dict[str, Any]:
    """What Gradio wants to be told of a page only when it is mounted."""
    theme = gr.themes.Default(
        primary_hue="blue",
        neutral_hue="slate",
        # By name: Gradio's own are fetched from Google.
        font=["system-ui", "sans-serif"],
        font_mono=["ui-monospace", "monospace"],
    ).set(body_text_color_subdued="*neutral_600", body_text_color_subdued_dark="*neutral_400")
    return {
        "theme": theme,
        "css": "\n".join(
            path.read_text("utf-8") for path in sorted((FOLDER / "styles").glob("*.css"))
        ),
        # Gradio's footer documents this page's inner calls; ours leads to the HTTP routes.
        "footer_links": [],
        # Else the browser keeps every picture and answer for the next one who uses it.
        "run_history": False,
        "show_error": False,
        "max_file_size": settings.max_upload_bytes,
    }


def chart(request: dict[str, Any]) -> str:
    """Draws a face's bar chart for the page to save; nothing of it stays on the server.

    Args:
        request: `probabilities`, seven numbers of 0 to 1, and `uncertain`, as the page was given
            them with the answer.

    Returns:
        A PNG as a data URL.

    Raises:
        ValueError: the probabilities are none.
    """
    probabilities = np.asarray(request["probabilities"], np.float64)
    if probabilities.shape != (len(EMOTIONS),) or not np.all(
        (probabilities >= 0) & (probabilities <= 1)
    ):
        raise ValueError(f"A chart takes {len(EMOTIONS)} probabilities.")
    png = bar_chart(probabilities, uncertain=bool(request["uncertain"]))
    return f"data:image/png;base64,{base64.b64encode(png).decode()}"


def _film_tab(settings: Settings) -> str:
    """The film tab's HTML, with the limits of this server."""
    return render(
        "film.html",
        route=films.ROUTE.removeprefix("/"),
        limit=films.most_film_bytes(settings),
        megabytes=round(films.most_film_bytes(settings) / 1e6),
        minutes=f"{settings.max_film_seconds / 60:g}",
    )


def _picture_tab(service: Service, settings: Settings, monitor: Monitor) -> None:
    def save_chart(request: dict[str, Any]) -> str:
        try:
            return service.work(lambda _: chart(request))
        except (Busy, NotReady) as error:
            raise HTTPException(503, str(error)) from error
        except (ValueError, TypeError, KeyError) as error:
            raise HTTPException(422, "This is no request for a chart.") from error

    with gr.Row(elem_id="sides"):
        with gr.Column(scale=5, min_width=320):
            gr.HTML(text.NOTE, apply_default_css=False)
            picture = _picture(settings)
            others = gr.UploadButton(
                "Choose a HEIC, TIFF or other file",
                file_types=["image", ".avif", *_NOT_SHOWN],
                size="sm",
                elem_id="others",
            )
            examples = gr.Examples(
                [[str(_hopper())]],
                [picture],
                label=text.EXAMPLE,
                elem_id="examples",
                api_visibility="private",
            )
        with gr.Column(scale=7, min_width=320):
            answer = gr.HTML(
                text.EMPTY,
                elem_id="answer",
                apply_default_css=False,
                js_on_load=(FOLDER / "scripts" / "picture.js").read_text("utf-8"),
                server_functions=[save_chart],
            )
            with gr.Accordion("The answer as JSON", open=False, visible=False) as details:
                json = gr.JSON(label="Answer", max_height=420, elem_id="json")

    async def read(upload: dict[str, Any] | None) -> tuple[Any, ...]:
        return await _read(service, monitor, upload)

    reading: dict[str, Any] = {
        "fn": read,
        "outputs": [answer, json, details, picture],
        # The component's own preprocessing fails where only Pillow without plugins would.
        "preprocess": False,
        "trigger_mode": "always_last",
        "concurrency_limit": service.capacity,
        "concurrency_id": "reading",
        "show_progress_on": [answer],
        "api_visibility": "private",
    }
    picture.input(inputs=picture, **reading)
    others.upload(inputs=others, **reading)
    examples.load_input_event.then(inputs=picture, **reading)


def _picture(settings: Settings) -> gr.Image:
    return gr.Image(
        label="Picture",
        sources=["upload", "webcam", "clipboard"],
        format="jpeg",
        height=340,
        # Mirrored, the camera's picture would also be sent mirrored.
        webcam_options=gr.WebcamOptions(mirror=False),
        placeholder=text.placeholder(settings.max_upload_bytes),
        buttons=[],
        alt_text="Your picture",
        elem_id="picture",
    )


def _hopper() -> Path:
    """Rear Admiral Grace Hopper, a photograph in the public domain that Matplotlib carries.

    Served from where it is: a copy in Gradio's cache would be deleted with the visitors' files.
    """
    path = Path(matplotlib.get_data_path()) / "sample_data" / "grace_hopper.jpg"
    gr.set_static_paths([path])
    return path


async def _read(
    service: Service, monitor: Monitor, upload: dict[str, Any] | None
) -> tuple[Any, ...]:
    """Reads what a visitor chose; None after it was taken away.

    Returns:
        New values for the answer, the JSON, what folds the JSON away, and the picture shown.
    """
    if upload is None:
        return text.EMPTY, None, gr.Accordion(visible=False), gr.skip()
    began, path = time.perf_counter(), Path(upload["path"])
    # What is not known below is a defect, and stays 500.
    status, faces = 500, None
    try:
        task = service.submit(partial(_answer, path))
        html, json, shown, faces = await asyncio.wrap_future(task)
        status = 200
        return html, json, gr.Accordion(visible=True), shown
    except (InvalidImage, NotReady, Busy, FileNotFoundError) as error:
        gone = isinstance(error, FileNotFoundError)
        status = 422 if isinstance(error, InvalidImage) else 404 if gone else 503
        sentence = _WAITED_TOO_LONG if gone else str(error)
        gr.Warning(escape(sentence), duration=5)
        kept = gr.skip() if status == 503 else None
        return answer_html.problem(sentence), None, gr.Accordion(visible=False), kept
    finally:
        monitor.record("page", "read", status, time.perf_counter() - began, faces=faces)


def _answer(
    path: Path, recognizer: Recognizer
) -> tuple[str, dict[str, Any], np.ndarray | str, int]:
    """The answer as HTML and as JSON, the picture to show, and the number of faces."""
    # Its bytes, because messages about a path name it.
    answer = read_picture(recognizer, path.read_bytes(), explain=True)
    shown: np.ndarray | str = str(path)
    if path.suffix.lower() in _NOT_SHOWN:
        shown = reduced(answer.picture.pixels, answer_html.SHOWN_SIDE)
    json = to_json(answer, recognizer.classifier)
    return answer_html.render(answer), json, shown, len(answer.faces)
