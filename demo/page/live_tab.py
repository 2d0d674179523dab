"""The live tab: what it says, and the frame that `live.js` fills while a camera is on."""

import json
from html import escape

from demo.drawing import COLOURS, text_colour
from demo.page.text import NOT_FOR, emoji
from demo.web.live import ROUTE
from model.labels import EMOTIONS

_NOTE = """<div class="fx-note"><p><strong>What your camera is used for:</strong> while it is on, about
15 small pictures a second go to this server, which reads the faces in them and answers with numbers.
The pictures are only ever in its memory, nothing is written to a disk or passed on, and nobody is
identified: a number stands for a face as long as it stays in sight. Stop, another tab or closing the
page switches the camera off.</p>
{not_for}</div>"""

# The probabilities of a face are steadied by the server; see `demo.people`.
_FRAME = """<div class="fx-live" data-palette="{palette}" data-route="{route}">
{note}
<div class="fx-controls">
<button type="button" class="fx-button" data-do="start">Start the camera</button>
<button type="button" class="fx-button" data-do="stop" hidden>Stop the camera</button>
<label><input type="checkbox" data-do="keep"> Show the largest changes with small pictures, kept on
this page only, until it is closed</label>
</div>
<div class="fx-card fx-problem" role="alert" hidden></div>
<div class="fx-show" hidden>
<div>
<div class="fx-stage"><video muted playsinline></video><canvas></canvas></div>
<p class="fx-rate"></p>
</div>
<div>
<div class="fx-switch" role="group" aria-label="Show">
<button type="button" class="fx-button" data-view="people" aria-pressed="true">Each person</button>
<button type="button" class="fx-button" data-view="group" aria-pressed="false">All together</button>
</div>
<div class="fx-people"></div>
<table class="fx-bars fx-group" hidden><caption></caption>{rows}</table>
<canvas class="fx-timeline" role="img" aria-label="The last minute"></canvas>
<ul class="fx-key">{key}</ul>
<div class="fx-moments" hidden><h3>Largest changes</h3><ul></ul></div>
</div>
</div>
</div>"""


def frame() -> str:
    """The tab's HTML; nothing in it asks for the camera before the visitor does."""
    palette = {emotion: [COLOURS[emotion], text_colour(COLOURS[emotion])] for emotion in EMOTIONS}
    rows = "".join(
        f'<tr data-emotion="{emotion}"><th scope="row">{emoji(emotion)} {emotion}</th>'
        f'<td class="fx-track"><span style="background:{COLOURS[emotion]};width:0"></span></td>'
        "<td></td></tr>"
        for emotion in EMOTIONS
    )
    key = "".join(
        f'<li><span class="fx-dot" style="background:{COLOURS[emotion]}"></span>{emotion}</li>'
        for emotion in EMOTIONS
    )
    return _FRAME.format(
        palette=escape(json.dumps(palette)),
        route=ROUTE.removeprefix("/"),
        note=_NOTE.format(not_for=NOT_FOR),
        rows=rows,
        key=key,
    )
