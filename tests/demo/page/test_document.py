"""The HTML document: what shared links, search engines and browsers without scripts see of the page."""

import io
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from PIL import Image
from starlette.testclient import TestClient

from demo.app import create_app
from demo.page.footer import footer
from demo.page.gradio import document
from demo.page.templates import render
from demo.settings import Settings
from model.classifier import Classifier, load


class Head(HTMLParser):
    """A page's head: its title, language, metas and links."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.title, self.language, self._inside = "", "", ""
        self.metas: dict[str, str] = {}
        self.links: dict[str, str] = {}
        self.noscript = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attributes}
        self._inside = tag
        if tag == "html":
            self.language = values["lang"]
        elif tag == "meta" and "content" in values:
            name = values.get("property", values.get("name", ""))
            assert name not in self.metas, "said twice"
            self.metas[name] = values["content"]
        elif tag == "link":
            self.links[values["rel"]] = values["href"]

    def handle_data(self, text: str) -> None:
        if self._inside == "title" and not self.title:
            self.title = text
        if self._inside == "noscript":
            self.noscript += text


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    with TestClient(create_app(Settings())) as client:
        yield client


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    return load("resnet")


def test_document_has_a_preview_for_shared_links(client: TestClient) -> None:
    headers = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "faces.example"}
    head = Head(client.get("/", headers=headers).text)
    assert head.language == "en"
    assert head.title == head.metas["og:title"] == "Facial expressions"
    assert "not an emotion felt" in head.metas["description"]
    assert head.metas["og:description"] == head.metas["description"]
    assert head.metas["og:url"] == "https://faces.example/"
    assert head.metas["og:image"] == "https://faces.example/page/picture.png"
    assert head.metas["twitter:card"] == "summary_large_image"
    assert "needs JavaScript" in head.noscript
    assert "manifest" not in head.links
    for text in (head.title, head.noscript, *head.metas.values()):
        assert "gradio" not in text.lower()


def test_preview_picture_and_icon_are_public_and_as_announced(client: TestClient) -> None:
    head = Head(client.get("/").text)
    answer = client.get(head.metas["og:image"])
    assert answer.headers["content-type"] == head.metas["og:image:type"]
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
    width, height = (int(head.metas[f"og:image:{side}"]) for side in ("width", "height"))
    assert Image.open(io.BytesIO(answer.content)).size == (width, height)
    for path in (head.links["icon"], "/favicon.ico"):
        icon = client.get(path)
        assert icon.headers["content-type"].startswith("image/svg+xml")
        assert icon.text.startswith("<svg")


def test_document_names_no_other_host(client: TestClient) -> None:
    for path in ("/", "/config", "/gradio_api/info", "/theme.css"):
        text = client.get(path).text.replace("\\/", "/")
        named = set(re.findall(r"(?:https?:)?//([a-z0-9-]+(?:\.[a-z0-9-]+)+|localhost)", text))
        # Names of XML vocabularies are not addresses.
        assert named <= {"www.w3.org"}, path


def test_document_notices_if_gradio_names_its_files_otherwise(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from gradio.routes import templates

    other = SimpleNamespace(get_source=lambda *_: ('<script src="./assets/a.js">', "", None))
    monkeypatch.setattr(templates.env, "loader", other)
    with pytest.raises(RuntimeError, match="does not name one script"):
        document.replace_document()


def test_footer_says_how_often_the_network_is_right(classifier: Classifier) -> None:
    text = " ".join(render("footer.html", **footer(Settings())).split())
    figures = {
        (each["labels"], each["output"], each["subset"], each["input"]): each
        for each in classifier.info["figures"]["PrivateTest"]["results"]
    }
    for labels in ("fer2013", "ferplus"):
        measured = figures[labels, "served", "all", "aligned"]
        assert f"{10 * measured['accuracy']:.0f} times in 10" in text
        assert f"{measured['accuracy']:.1%}" in text
        assert f"{measured['n']:,}" in text
    assert f"Network {classifier.name}, version {classifier.version}" in text
    assert 'href="api/docs"' in text
    assert "Source" not in text


def test_footer_links_to_the_source_if_known() -> None:
    settings = Settings(source_url="https://example.org/a?b=1&c=2")
    assert '<a href="https://example.org/a?b=1&amp;c=2">Source</a>' in render(
        "footer.html", **footer(settings)
    )


@pytest.mark.parametrize("info", [None, "{}", "no JSON"])
def test_footer_leaves_out_missing_figures(tmp_path: Path, info: str | None) -> None:
    weights = tmp_path / "a.tflite"
    weights.write_bytes(b"")
    if info is not None:
        weights.with_suffix(".json").write_text(info)
    values: dict[str, Any] = footer(Settings(weights=str(weights)))
    assert (values["network"], values["measured"]) == (None, {})
    assert "Model card" in render("footer.html", **values)


def test_get_model_card_and_licence_are_readable(client: TestClient) -> None:
    card = client.get("/page/model-card")
    assert card.headers["content-type"].startswith("text/html")
    for found in ("<h1>", "<table>", "What it must not be used for"):
        assert found in card.text
    assert not re.findall(r"<img|&lt;!--|<a href=\"(?!https?:|\.\./)", card.text)
    assert client.get("/page/licence").text.startswith("MIT License")
