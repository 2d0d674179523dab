"""What the page's footer says: which network answers, how often it is right, and where to read on."""

from typing import Any

from demo.settings import Settings
from model.classifier import InvalidWeights, describe


def footer(settings: Settings) -> dict[str, Any]:
    """The values of `footer.html`.

    Returns:
        `network`, None where its weights cannot be read, else its `name` and `version`; `measured`,
        by label set, where its JSON has the figures; and `source`, the address of the source.
    """
    try:
        info = describe(settings.weights)
    except InvalidWeights:  # Whoever sends a picture is told.
        info = {}
    network = {"name": info["name"], "version": info["version"]} if "name" in info else None
    return {"network": network, "measured": _measured(info), "source": settings.source_url}


def _measured(info: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The served answer on FER-2013's PrivateTest: `n`, `accuracy`, and `tenths` right."""
    wanted = {"output": "served", "subset": "all", "input": "aligned"}
    figures = info.get("figures", {}).get("PrivateTest", {}).get("results", ())
    return {
        record["labels"]: record | {"tenths": round(10 * record["accuracy"])}
        for record in figures
        if wanted.items() <= record.items()
    }
