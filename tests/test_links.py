"""Links from document to document lead somewhere."""

import re
from pathlib import Path

import pytest

from tests.documents import DOCUMENTS, ROOT, tokens


def links(path: Path) -> list[str]:
    """Targets of a document's links and pictures that are no address of another site."""
    targets = [
        str(part.attrs.get("href") or part.attrs.get("src"))
        for block in tokens(path)
        for part in block.children or ()
        if part.type in ("link_open", "image")
    ]
    return [target for target in targets if not re.match(r"https?:", target)]


def anchors(path: Path) -> set[str]:
    """The names that GitHub gives a document's headings."""
    blocks = tokens(path)
    headings = [
        blocks[place + 1].content
        for place, block in enumerate(blocks)
        if block.type == "heading_open"
    ]
    return {
        re.sub(r"[^\w\- ]", "", re.sub(r"[`*]", "", heading)).lower().replace(" ", "-")
        for heading in headings
    }


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_to_files_and_headings(path: Path) -> None:
    for target in links(path):
        file, _, anchor = target.partition("#")
        found = (path.parent / file).resolve() if file else path
        assert found.exists(), target
        assert found.is_relative_to(ROOT), target
        assert not anchor or anchor in anchors(found), target


def test_links_that_lead_nowhere_are_seen(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_text("# Two `words`, *here*\n[b](b.md#c) ![d](e.png) [f](https://g.example)\n")
    assert links(path) == ["b.md#c", "e.png"]
    assert anchors(path) == {"two-words-here"}


def test_every_document_is_reached_from_the_readme() -> None:
    reached, ahead = set(), [ROOT / "README.md"]
    while ahead:
        path = ahead.pop()
        if path in reached:
            continue
        reached.add(path)
        found = [(path.parent / link.partition("#")[0]).resolve() for link in links(path)]
        ahead += [each for each in found if each.suffix == ".md"]
    assert set(DOCUMENTS) <= reached
