"""The film tab: what it says, and the frame that `film.js` fills with a film's results."""

from demo.page.text import NOT_FOR
from demo.settings import Settings
from demo.web.films import ROUTE, most_film_bytes
from model.labels import EMOTIONS

_FRAME = """<div class="fx-film" data-route="{route}" data-limit="{limit}">
<div class="fx-note"><p><strong>What happens to your film:</strong> it is sent to this server, read, and
deleted with its results as soon as you have them, or leave. The results are on this page only, until
it is closed or another film is chosen. Nobody is identified: people are numbered in the order in which
they appear, and who comes back after two seconds or a cut has a new number.</p>{not_for}</div>
<div class="fx-controls">
<label class="fx-button fx-file">Choose a film<input type="file" data-do="file"
accept="video/*,.mkv,.avi,.mts,.m2ts,.ts,.flv,.wmv"></label>
<span class="fx-name">at most {megabytes} MB and {minutes} minutes</span>
</div>
<div class="fx-controls">
<label><input type="checkbox" data-do="annotate"> Draw boxes and emotions into it (MP4)</label>
<label><input type="checkbox" data-do="thumbnails"> Small pictures of the largest changes</label>
</div>
<div class="fx-controls">
<button type="button" class="fx-button" data-do="start" disabled>Read the film</button>
<button type="button" class="fx-button" data-do="cancel" hidden>Stop here</button>
<progress max="1" hidden></progress><span class="fx-far" role="status"></span>
</div>
<div class="fx-card fx-problem" role="alert" hidden></div>
<div class="fx-results" hidden>
<h2 class="fx-verdict"></h2>
<ul class="fx-sentences"></ul>
<div class="fx-show">
<div><video controls playsinline></video>
<div class="fx-moments" hidden><h3>Largest changes</h3><p>Choose one to see it in the film.</p><ul></ul></div>
</div>
<div><div class="fx-wide"><table class="fx-shares"><caption>Share of time in which each emotion was the
most likely</caption><thead><tr><th scope="col">person</th><th scope="col">seen</th>{heads}</tr></thead>
<tbody></tbody></table></div>
<div class="fx-files"><h3>Save</h3><ul></ul></div></div>
</div>
<div class="fx-plots"></div>
</div>
</div>"""


def frame(settings: Settings) -> str:
    """The tab's HTML, with the limits of this server."""
    heads = "".join(f'<th scope="col">{emotion}</th>' for emotion in EMOTIONS)
    return _FRAME.format(
        route=ROUTE.removeprefix("/"),
        limit=most_film_bytes(settings),
        megabytes=round(most_film_bytes(settings) / 1e6),
        minutes=f"{settings.max_film_seconds / 60:g}",
        not_for=NOT_FOR,
        heads=heads,
    )
