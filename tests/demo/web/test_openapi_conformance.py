"""Schemathesis checks that the routes answer as their own OpenAPI description says."""

from datetime import timedelta

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode, Response, checks
from schemathesis.core.failures import FailureGroup
from schemathesis.openapi import from_asgi
from schemathesis.schemas import BaseSchema
from schemathesis.specs.openapi import checks as described

from demo.app import create_app
from demo.settings import Settings
from tests.demo.conftest import wait_until
from tests.fuzz.mutants import Mutant, mutants
from tests.fuzz.pictures import pictures

ROUTE = "/api/v1/expressions"
OPERATIONS = [f"POST {ROUTE}", "GET /api/v1/version", "GET /healthz", "GET /readyz"]

# Without the checks that expect 200 for every body that fits: the description cannot say which bytes
# are a picture.
CHECKS = [
    checks.not_a_server_error,
    described.status_code_conformance,
    described.content_type_conformance,
    described.response_headers_conformance,
    described.response_schema_conformance,
    described.unsupported_method,
    described.allow_header_conformance,
]

# The same examples each time.
few = settings(
    max_examples=100,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def description() -> BaseSchema:
    """The real application's own description."""
    app = create_app(Settings())
    wait_until(lambda: app.state.service.ready)
    return from_asgi("/api/openapi.json", app)


@pytest.mark.slow
def test_openapi_names_every_operation_of_the_program(description: BaseSchema) -> None:
    operations = [each.ok() for each in description.get_all_operations()]
    assert [operation.label for operation in operations] == OPERATIONS


@pytest.mark.slow
@pytest.mark.parametrize("label", OPERATIONS)
def test_openapi_describes_every_operations_answer(description: BaseSchema, label: str) -> None:
    operation = description.find_operation_by_label(label)
    assert operation is not None

    @few
    @given(operation.as_strategy())
    def each(case: Case) -> None:
        call(case)

    each()


@pytest.mark.parametrize("label", OPERATIONS)
def test_openapi_describes_the_answers_to_invalid_requests(
    description: BaseSchema, label: str
) -> None:
    # Schemathesis' own list of near misses: methods, parameters and bodies.
    operation = description.find_operation_by_label(label)
    assert operation is not None
    cases = list(
        description.iter_coverage_cases(
            operation,
            generation_modes=list(GenerationMode),
            generation_config=description.config.generation_for(operation=operation),
        )
    )
    assert len({case.method for case in cases}) > 3
    for case in cases:
        call(case)


@pytest.mark.parametrize("form", [False, True], ids=["raw", "form"])
@pytest.mark.parametrize("accept", ["application/json", "image/png"])
@pytest.mark.parametrize("explain", [{}, {"explain": "true"}], ids=["plain", "explained"])
@pytest.mark.parametrize("name", ["jpeg-baseline", "heic-plain", "png-rgb"])
def test_openapi_describes_the_answers_to_intact_pictures(
    description: BaseSchema, form: bool, accept: str, explain: dict[str, str], name: str
) -> None:
    response = ask(description, pictures()[name], form, explain, accept)
    assert response.status_code == 200
    assert response.headers["content-type"] == [accept]
    if accept == "application/json":
        faces = response.json()["faces"]
        assert len(faces) == 1
        assert all(("attention" in face) == bool(explain) for face in faces)


@pytest.mark.slow
def test_openapi_describes_the_answers_to_mutated_pictures(description: BaseSchema) -> None:
    statuses = set()

    @few
    @given(mutants(), st.booleans(), st.sampled_from(["*/*", "image/png", "text/html"]))
    def each(mutant: Mutant, form: bool, accept: str) -> None:
        statuses.add(ask(description, mutant.data, form, {}, accept).status_code)

    each()
    assert statuses >= {200, 422}


def call(case: Case, **headers: str) -> Response:
    return case.call_and_validate(checks=CHECKS, headers=headers)


def ask(
    description: BaseSchema, picture: bytes, form: bool, query: dict[str, str], accept: str
) -> Response:
    """Posts a picture and checks the answer against the description."""
    operation = description[ROUTE]["POST"]
    case = operation.Case(
        body={"file": picture} if form else picture,
        media_type="multipart/form-data" if form else "image/jpeg",
        query=query,
    )
    return call(case, Accept=accept)


@pytest.mark.parametrize(
    ("status", "kind", "body"),
    [
        (500, "application/problem+json", b"{}"),
        (418, "application/problem+json", b"{}"),
        (422, "text/plain", b"no"),
        (422, "application/problem+json", b'{"detail": "x"}'),
        (200, "application/json", b'{"faces": []}'),
    ],
)
def test_openapi_check_notices_an_undescribed_answer(
    description: BaseSchema, status: int, kind: str, body: bytes
) -> None:
    operation = description[ROUTE]["POST"]
    request = httpx.Request("POST", f"http://server{ROUTE}")
    answer = httpx.Response(status, headers={"Content-Type": kind}, content=body, request=request)
    answer.elapsed = timedelta()
    with pytest.raises(FailureGroup):
        operation.Case(media_type="image/jpeg", body=b"").validate_response(answer, checks=CHECKS)
