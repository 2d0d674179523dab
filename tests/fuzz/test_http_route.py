"""A real server answers mutated requests as documented, never with 500, and goes on."""

from pathlib import Path

import pytest

from tests.fuzz.http_route import Broken, ask_often, check

_PROBLEM = b'{"type": "about:blank", "title": "x", "status": 422, "detail": "x"}'
_JSON = "application/json"
_PROBLEM_JSON = "application/problem+json"


@pytest.mark.slow
def test_post_expressions_answers_100_mutated_requests_as_documented(tmp_path: Path) -> None:
    answers = ask_often(100, 0, tmp_path)
    assert answers.broken == []
    assert answers.count == 100
    assert {status for status, _ in answers.statuses} >= {200, 415, 422}


@pytest.mark.parametrize(
    ("status", "kind", "body"),
    [
        (500, _PROBLEM_JSON, _PROBLEM.replace(b"422", b"500")),
        (404, _PROBLEM_JSON, _PROBLEM.replace(b"422", b"404")),
        (422, "text/plain", b"Unprocessable"),
        (422, _PROBLEM_JSON, b'{"detail": []}'),
        (422, _PROBLEM_JSON, b""),
        (413, _PROBLEM_JSON, _PROBLEM),
        (200, _JSON, b"{}"),
        (200, "text/html", b"<html>"),
        (200, "image/png", b"\x89PNG"),
    ],
)
def test_fuzzer_notices_an_undocumented_answer(status: int, kind: str, body: bytes) -> None:
    check(422, _PROBLEM_JSON, _PROBLEM)
    with pytest.raises(Broken):
        check(status, kind, body)
