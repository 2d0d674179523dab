import pytest
from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Mount, Route
from starlette.testclient import TestClient

from demo.settings import Settings
from demo.web.addresses import path_of, public_address
from demo.web.middleware.root_path import RootPath


def client(root_path: str = "/demo") -> TestClient:
    async def tell(request: Request) -> JSONResponse:
        return JSONResponse([path_of(request.scope), public_address(request.scope)])

    routes = [Route("/a", tell), Mount("/b", routes=[Route("/c", tell)]), Route("/", tell)]
    app = Starlette(routes=routes)
    app.add_middleware(RootPath, root_path=root_path)
    return TestClient(app)


@pytest.mark.parametrize("path", ["/a", "/b/c", "/"])
def test_root_path_works_whether_or_not_the_proxy_strips_it(path: str) -> None:
    told = [path, "http://testserver/demo/"]
    assert client().get(f"/demo{path}").json() == told
    assert client().get(path).json() == told
    assert client("").get(path).json() == [path, "http://testserver/"]
    assert client("").get(f"/demo{path}").status_code == 404
    assert client().get(f"/demonstration{path}").status_code == 404


def test_root_path_without_slash_leads_to_the_page() -> None:
    moved = client().get("/demo?x=1", follow_redirects=False)
    assert (moved.status_code, moved.headers["location"]) == (307, "/demo/?x=1")
    assert client().get("/demo", follow_redirects=False).headers["location"] == "/demo/"


@pytest.mark.parametrize(
    ("headers", "address"),
    [
        ({"X-Forwarded-Proto": "https"}, "https://testserver/demo/"),
        ({"X-Forwarded-Proto": "javascript"}, "http://testserver/demo/"),
        ({"X-Forwarded-Host": "example.org:8080, inner"}, "http://example.org:8080/demo/"),
        ({"Host": "[2001:db8::1]:7860"}, "http://[2001:db8::1]:7860/demo/"),
        ({"Host": 'a"><script>'}, "/demo/"),
        ({"X-Forwarded-Host": "user@evil.example/path"}, "/demo/"),
    ],
)
def test_public_address_follows_the_proxies_headers(headers: dict[str, str], address: str) -> None:
    assert client().get("/a", headers=headers).json()[1] == address


@pytest.mark.parametrize("path", ["", "/demo", "/a/b-c", "/~me/x_1.2"])
def test_root_path_accepts_valid_paths(path: str) -> None:
    assert Settings(root_path=path).root_path == path


@pytest.mark.parametrize(
    "path",
    [
        "demo",
        "/demo/",
        "/",
        "//demo",
        "/de mo",
        "/api",
        "/page/x",
        "/gradio_api",
        "/d?x",
        '/"',
        "/é",
    ],
)
def test_root_path_refuses_invalid_paths(path: str) -> None:
    with pytest.raises(ValidationError):
        Settings(root_path=path)
