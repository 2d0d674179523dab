"""What the page says beside the answers."""

from model.labels import COLOURS, EMOJI, EMOTIONS

NOTE = """<div class="fx-note"><p><strong>What happens to your picture:</strong> it is read in memory
on this server, and its file is deleted within a minute. Nothing is kept or passed on, nothing about
it is written down but its size and how many faces it has, and nobody is identified.</p><p><strong>An expression shown is not an emotion felt.</strong> The answer says what a
face looks like to a network that is often wrong.</p></div>"""

EXAMPLE = "No picture at hand? Try Rear Admiral Grace Hopper (public domain)"


def emoji(emotion: str) -> str:
    """An emotion's emoji, for the eyes only: its name always stands beside it."""
    return f'<span class="fx-emoji" aria-hidden="true">{EMOJI[emotion]}</span>'


EMPTY = (
    '<div class="fx-card"><p>The faces of your picture appear here, each with one of seven'
    ' expressions:</p><ul class="fx-legend">'
    + "".join(
        f'<li><span class="fx-dot" style="background:{COLOURS[emotion]}"></span>'
        f"{emoji(emotion)} {emotion}</li>"
        for emotion in EMOTIONS
    )
    + "</ul></div>"
)


def placeholder(limit: int) -> str:
    """What stands in the empty picture; the limit is in bytes."""
    return (
        f"Drop or paste a picture here\n- or -\nclick to choose one (at most {limit / 1e6:.0f} MB)"
    )
