"""What the page says beside the answers."""

from html import escape
from typing import Any

from demo.service import NotReady, Service


def model_line(service: Service) -> str:
    """Which network answers and how often it is right, or why there is none; and the HTTP routes."""
    try:
        classifier = service.recognizer.classifier
    except NotReady as error:
        text = escape(str(error))
    else:
        text = f"Network {escape(classifier.name)}, version {escape(classifier.version)}"
        text += _accuracy(classifier.info)
    return f'<footer class="fx-foot"><p>{text} · <a href="api/docs">HTTP API</a></p></footer>'


def _accuracy(info: dict[str, Any]) -> str:
    """The served answer's accuracy on FER-2013's test faces, where the weights' JSON has it."""
    wanted = {"output": "served", "subset": "all", "input": "aligned"}
    names = {"fer2013": "FER-2013's labels", "ferplus": "the FER+ winners"}
    figures = [
        f"{record['accuracy']:.1%} by {names[record['labels']]}"
        for record in info["figures"].get("PrivateTest", {}).get("results", ())
        if wanted.items() <= record.items()
    ]
    return f": right on {', '.join(figures)} of PrivateTest" if figures else ""
