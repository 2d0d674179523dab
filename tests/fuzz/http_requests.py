"""Requests with mutated pictures: raw and in forms, with broken framing and odd headers."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from tests.fuzz.mutants import Mutant, mutants

Break = Callable[[bytes], bytes]

ROUTE = "/api/v1/expressions"
_BOUNDARY = "a-boundary"

_QUERIES = ("", "", "?explain=1", "?explain=perhaps", "?explain=0&explain=1", "?x=%00%ff", "?%")

_ACCEPTS = (
    *("*/*", "application/json", "image/png", "image/png, */*;q=0.1", "text/html"),
    *(
        "",
        ",",
        ";",
        "image/png;q=",
        "image/png;q=nan",
        "image/png;q=1e999",
        "*/*;q=-1",
        "\xe9/\xff",
    ),
    "image/*;" * 500,
)

_KINDS = (
    *("image/jpeg", "image/png", "image/heic", "image/svg+xml", "image/", "image/*", "IMAGE/PNG"),
    *("image/jpeg; charset=utf-8", "image/x; name=\xff", "application/octet-stream", "text/html"),
    *("", ";", "application/json", "application/x-www-form-urlencoded", "multipart/mixed"),
    "image/" + "x" * 5000,
)

# Values for a form's boundary; the last ones do not match the form.
_FRAMINGS = (
    *(f"multipart/form-data; boundary={_BOUNDARY}",) * 8,
    f'multipart/form-data; boundary="{_BOUNDARY}"; charset=utf-16',
    f"Multipart/Form-Data;boundary={_BOUNDARY};charset=nonsense",
    "multipart/form-data",
    "multipart/form-data; boundary=",
    'multipart/form-data; boundary="',
    "multipart/form-data; boundary=other",
    "multipart/form-data; boundary=\xe9\xff",
    "multipart/form-data; boundary=" + "b" * 3000,
)

_FILE_NAMES = (
    *("a.jpg", "../../../../etc/passwd", "..\\..\\windows\\win.ini", "/etc/passwd", "C:\\a.jpg"),
    *("", ".", "a\0.jpg", "a\r\nX-Injected: yes", 'a";name="other', "%2e%2e%2fa", "\xff\xfe", "😀"),
    *("\x1b[31m", "a" * 10_000, "con.jpg", "<script>alert(1)</script>", "{0.__class__}", "%n%s"),
)

_FIELDS = (*("file",) * 6, "", "File", "files", "file[]", "fi\0le", "n" * 2000)

_REPLACEMENTS = (
    (b"\r\n", b"\n"),
    (b"\r\n\r\n", b"\r\n"),
    (b": ", b":" + b" " * 9000),
    (b"Content-", b"\0ontent-"),
    (b"--\r\n", b""),
    (b"form-data;", b"form-data;" + b";" * 3000),
)

_DISPOSITIONS = (
    *('form-data; name="{field}"; filename="{name}"',) * 6,
    'form-data; name="{field}"',
    "form-data; name={field}; filename={name}",
    "form-data; name=\"{field}\"; filename*=UTF-8''{name}",
    'form-data; filename="{name}"',
    'attachment; name="{field}"; filename="{name}"; filename="b.jpg"',
    "",
)


@dataclass(frozen=True)
class Request:
    """A request to the route of expressions.

    Attributes:
        how: what was mutated, in words.
        target: the path and query.
        headers: Content-Type and Accept; an empty Content-Type is not sent.
        body: the request's body.
    """

    how: str
    target: str
    headers: dict[str, str]
    body: bytes = field(repr=False)


def requests() -> SearchStrategy[Request]:
    """Draws requests: half are raw bodies, half are forms."""
    query, accept = st.sampled_from(_QUERIES), st.sampled_from(_ACCEPTS)
    raw = st.builds(_raw, mutants(), st.sampled_from(_KINDS), query, accept)
    part = st.builds(
        _part,
        mutants(),
        st.sampled_from(_FIELDS),
        st.sampled_from(_FILE_NAMES),
        st.sampled_from(_KINDS),
        st.sampled_from(_DISPOSITIONS),
    )
    parts = st.lists(part, min_size=0, max_size=3)
    form = st.builds(_form, parts, st.sampled_from(_FRAMINGS), _breaks(), query, accept)
    return raw | form


def _breaks() -> SearchStrategy[Break]:
    """Draws a change to the whole body of a form; usually none."""
    cuts = st.builds(lambda share: partial(_cut, share=share), st.integers(0, 255))
    replaced = st.sampled_from([partial(_replaced, old=a, new=b) for a, b in _REPLACEMENTS])
    return st.sampled_from([bytes] * 4) | cuts | replaced


def _cut(body: bytes, share: int) -> bytes:
    return body[: len(body) * share // 256]


def _replaced(body: bytes, old: bytes, new: bytes) -> bytes:
    return body.replace(old, new)


def _raw(mutant: Mutant, kind: str, query: str, accept: str) -> Request:
    how = f"{mutant} as {kind[:40]!r}"
    return Request(how, ROUTE + query, {"Content-Type": kind, "Accept": accept}, mutant.data)


def _part(mutant: Mutant, name: str, file: str, kind: str, disposition: str) -> bytes:
    value = disposition.format(field=name, name=file)
    head = f"Content-Disposition: {value}\r\nContent-Type: {kind}\r\n\r\n"
    return head.encode("utf-8") + mutant.data


def _form(parts: list[bytes], framing: str, damage: Break, query: str, accept: str) -> Request:
    edge = f"--{_BOUNDARY}".encode()
    body = b"".join(edge + b"\r\n" + part + b"\r\n" for part in parts) + edge + b"--\r\n"
    how = f"form of {len(parts)} parts as {framing[:60]!r}, {damage}"
    headers = {"Content-Type": framing, "Accept": accept}
    return Request(how, ROUTE + query, headers, damage(body))
