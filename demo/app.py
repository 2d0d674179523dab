"""The web server: the page at `/`, the HTTP routes beside it. Run `python -m demo.app`."""

import argparse
import errno
import gc
import logging
import os
import secrets
import socket
import sys
import threading
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware
from pydantic import ValidationError
from starlette.routing import BaseRoute

from demo.page.gradio.mounting import mount_page
from demo.settings import Settings
from demo.web.api import add_routes
from demo.web.marks import needs_no_password, paths_marked, takes_picture
from demo.web.memory import give_pictures_back, stay_within_container, uploads_limit
from demo.web.middleware.answer_headers import AnswerHeaders
from demo.web.middleware.body_limit import BodyLimit
from demo.web.middleware.login import Login
from demo.web.middleware.rate_limit import RateLimit
from demo.web.middleware.recording import Recording
from demo.web.middleware.rest_of_body import RestOfBody
from demo.web.middleware.root_path import RootPath
from demo.web.middleware.same_origin import SameOrigin
from demo.web.middleware.upload_limit import UploadLimit
from demo.web.monitor import Monitor
from demo.web.problem import UPLOAD_ROUTE
from demo.web.routes.health import VERSION
from demo.web.server import Server
from demo.web.service import Service
from demo.web.uploads import Uploads

# Room for the boundaries and headers that a form adds to a picture.
_ENVELOPE_BYTES = 65_536

# All request bodies together may take as many bytes as this number of largest pictures.
_BODIES_AT_ONCE = 10


def create_app(settings: Settings) -> FastAPI:
    """Builds the whole server as one application; `app.state.service` reads the pictures.

    The network loads in the background while the page is built.
    """
    service = Service(settings)
    service.start()
    monitor = Monitor(settings, lambda: service.inside)
    uploads = Uploads(uploads_limit())

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with uploads.kept_short():
            yield

    app = FastAPI(
        title="Facial expressions",
        description="Reads the expression of every face in a picture. An expression shown is not "
        "an emotion felt. No picture is kept.",
        version=VERSION,
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
    )
    app.state.service = service
    routes = add_routes(app, service, settings, monitor)
    _protect(app, routes, settings, monitor, uploads)
    mount_page(app, service, settings, monitor)
    return app


def _protect(
    app: FastAPI,
    routes: Sequence[BaseRoute],
    settings: Settings,
    monitor: Monitor,
    uploads: Uploads,
) -> None:
    """Adds the middleware that every request and answer passes, the innermost first."""
    largest = settings.max_upload_bytes + _ENVELOPE_BYTES
    # If the app has no CORS middleware, Gradio adds one that lets every site read the page's answers,
    # with credentials.
    app.add_middleware(CORSMiddleware)
    app.add_middleware(UploadLimit, uploads=uploads)
    app.add_middleware(
        BodyLimit,
        limit=largest,
        at_once=_BODIES_AT_ONCE * largest,
        pictures={*paths_marked(routes, takes_picture), UPLOAD_ROUTE},
    )
    proxies = settings.trusted_proxies
    if settings.requests_per_minute:
        app.add_middleware(
            RateLimit, per_minute=settings.requests_per_minute, trusted_proxies=proxies
        )
    if settings.auth:
        app.add_middleware(
            Login,
            credentials=settings.auth,
            trusted_proxies=proxies,
            unlocked=paths_marked(routes, needs_no_password),
        )
    app.add_middleware(SameOrigin)
    app.add_middleware(RestOfBody)
    app.add_middleware(RootPath, root_path=settings.root_path)
    app.add_middleware(AnswerHeaders, frame_ancestors=settings.frame_ancestors)
    app.add_middleware(Recording, monitor=monitor)


def main(arguments: Sequence[str] | None = None) -> int:
    """Serves until it is stopped.

    Returns:
        0 after Ctrl-C, 1 if the server cannot listen on the address.
    """
    settings, share = _options(arguments)
    # Listen before the page is built: a taken port is reported at once, and a browser that is opened
    # early waits instead of failing.
    try:
        listener = _listen(settings.host, settings.port)
    except OSError as error:
        print(_why_not_listening(settings, error), file=sys.stderr)
        return 1
    port = listener.getsockname()[1]
    print(f"Open http://{_reachable(settings.host)}:{port} (Ctrl-C stops the server).", flush=True)
    logging.basicConfig(format="%(levelname)s: %(message)s")
    for name in ("PIL", "python_multipart"):  # Their messages are about visitors' files.
        logging.getLogger(name).setLevel(logging.CRITICAL)
    give_pictures_back()
    stay_within_container()
    app = create_app(settings)
    # The page's objects live as long as the server. A garbage collection that searches them takes a
    # quarter of a second, during which nobody gets an answer.
    gc.collect()
    gc.freeze()
    if share:
        threading.Thread(target=open_public_link, args=(port,), daemon=True).start()
    try:
        Server(app, stopping=app.state.service.close).run(sockets=[listener])
    except KeyboardInterrupt:
        print("Stopped.")
    return 0


def _options(arguments: Sequence[str] | None) -> tuple[Settings, bool]:
    """Returns the settings, where the command line wins over the environment, and `--share`."""
    parser = argparse.ArgumentParser(prog="python -m demo.app", description="Serves the demo.")
    parser.add_argument("--host", help="address to listen on (default: DEMO_HOST, or 127.0.0.1)")
    parser.add_argument("--port", type=int, help="port (default: PORT, or 7860; 0: a free one)")
    parser.add_argument("--share", action="store_true", help="also open a public link by Gradio")
    options = vars(parser.parse_args(arguments))
    share = options.pop("share")
    try:
        settings = Settings(**{name: value for name, value in options.items() if value is not None})
    except ValidationError as error:
        parser.error("; ".join(f"{each['loc'][0]}: {each['msg']}" for each in error.errors()))
    return settings, share


def open_public_link(port: int) -> None:
    """Opens Gradio's tunnel to this machine and prints its address, or why it failed.

    Gradio's own `launch` opens one too, but not for a mounted page.
    """
    from gradio import networking

    try:
        address = networking.setup_tunnel(
            local_host="127.0.0.1",
            local_port=port,
            share_token=secrets.token_urlsafe(32),
            share_server_address=None,
            share_server_tls_certificate=None,
        )
    except Exception as error:  # Network, relay, download and file system raise many kinds.
        print(
            f"There is no public link ({error}). A public link needs the internet. The page still"
            f" works at http://127.0.0.1:{port}.",
            file=sys.stderr,
        )
        return
    # The relay uses HTTPS, although its answer says http.
    print(f"Public link: {address.replace('http:', 'https:', 1)}")
    print("Pictures sent through it pass through Gradio's relay servers.", flush=True)


def _listen(host: str, port: int) -> socket.socket:
    family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
    return socket.create_server((host, port), family=family, backlog=128)


def _why_not_listening(settings: Settings, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"Port {settings.port} is in use. Stop the program that uses it, or choose another with"
            " --port."
        )
    return (
        f"Cannot listen on {settings.host}, port {settings.port} ({error.strerror}). Choose another"
        " with --host or --port."
    )


def _reachable(host: str) -> str:
    """Returns the host to type into a browser."""
    if host in ("0.0.0.0", "::"):
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    # sys.exit would wait for every thread, and some pictures take seconds to decode.
    os._exit(code)
