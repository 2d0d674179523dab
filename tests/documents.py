"""The documents that people read, and the parts of them that tests look at."""

from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

ROOT = Path(__file__).parents[1]
DOCUMENTS = sorted(
    [
        *ROOT.glob("*.md"),
        *(ROOT / "docs").rglob("*.md"),
        *(ROOT / "examples").glob("*.md"),
        *(ROOT / "model").glob("*.md"),
        ROOT / "train_resnet" / "STUDY.md",
    ]
)


def text_of(document: str) -> str:
    """A document by its path below the repository's root."""
    return (ROOT / document).read_text(encoding="utf-8")


def tokens(path: Path) -> list[Token]:
    """A document's blocks; what stands inside one is in its `children`."""
    return MarkdownIt("commonmark").enable("table").parse(path.read_text(encoding="utf-8"))
