"""The real nginx before a server, set up as the documentation says."""

import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.conftest import ROOT

GUIDE = ROOT / "docs" / "deploy-behind-a-proxy.md"


@contextmanager
def nginx(folder: Path, port: int) -> Iterator[dict[str, str]]:
    """Runs nginx before the server on a port, below `/demo`.

    Args:
        folder: where nginx keeps its files.
        port: the server's port.

    Yields:
        Addresses that end in `/demo/`: "stripped", where nginx takes the path off; "whole", where it
        leaves it on; and "hostless", where `Host` is not passed on.
    """
    program = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
    if program is None:
        reason = "There is no nginx: apt-get install nginx-light"
        if os.environ.get("REQUIRE_NGINX") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    guide = GUIDE.read_text("utf-8")
    stripped = _snippet(guide, "nginx server").replace("127.0.0.1:7860", f"127.0.0.1:{port}")
    whole = stripped.replace(f":{port}/;", f":{port};")
    hostless = re.sub(r" *proxy_set_header Host .*\n", "", stripped)
    assert len({stripped, whole, hostless}) == 3
    locations = {"stripped": stripped, "whole": whole, "hostless": hostless}
    ports = dict(zip(locations, _free_ports(len(locations)), strict=True))
    servers = "".join(
        f"server {{ listen 127.0.0.1:{ports[name]}; {location} }}\n"
        for name, location in locations.items()
    )
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    places = "".join(f"{kind}_temp_path {folder}/{kind};\n" for kind in kinds)
    (folder / "nginx.conf").write_text(
        f"daemon off; master_process off; pid {folder}/nginx.pid; error_log stderr;\n"
        "events { worker_connections 256; }\n"
        f"http {{ access_log off; {places} {_snippet(guide, 'nginx http')} {servers} }}\n"
    )
    command = [program, "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", "stderr"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        for each in ports.values():
            _wait_for(process, each)
        yield {name: f"http://127.0.0.1:{each}/demo/" for name, each in ports.items()}
    finally:
        process.terminate()
        process.communicate(timeout=10)


def _snippet(guide: str, mark: str) -> str:
    [found] = re.findall(f"<!-- {mark} -->\n```nginx\n(.*?)```\n<!-- /{mark} -->", guide, re.DOTALL)
    return str(found)


def _free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def _wait_for(process: "subprocess.Popen[str]", port: int) -> None:
    end = time.monotonic() + 20
    while time.monotonic() < end:
        if process.poll() is not None:
            raise AssertionError(process.communicate()[1])
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise TimeoutError(f"nginx does not listen on {port}")
