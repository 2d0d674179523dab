"""The values of the page's footer: the network, how often it is right, and where to read more."""

from typing import Any

from demo.settings import Settings
from model.classifier import InvalidWeights, describe


def footer(settings: Settings) -> dict[str, Any]:
    """Returns the values of `footer.html`.

    Returns:
        `network`: its `name` and `version`, or None if its weights cannot be read. `measured`: the
        figures by label set, as far as the network's JSON has them. `source`: the address of the source.
    """
    try:
        info = describe(settings.weights)
    except InvalidWeights:  # Anyone who sends a picture gets an error message.
        info = {}
    network = {"name": info["name"], "version": info["version"]} if "name" in info else None
    return {"network": network, "measured": _measured(info), "source": settings.source_url}


def _measured(info: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Returns the served answer's figures on PrivateTest: `n`, `accuracy`, and `tenths` right."""
    wanted = {"output": "served", "subset": "all", "input": "aligned"}
    figures = info.get("figures", {}).get("PrivateTest", {}).get("results", ())
    return {
        record["labels"]: record | {"tenths": round(10 * record["accuracy"])}
        for record in figures
        if wanted.items() <= record.items()
    }
