"""Each deployment file is checked with its platform's own parser or description."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import googleapiclient
import pytest
import yaml
from google.appengine.api import appinfo, yaml_errors
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from demo.settings import Settings
from demo.web.clients import client_of

ROOT = Path(__file__).parents[1]
APP = (ROOT / "app.yaml").read_text()
SERVICE = yaml.safe_load((ROOT / "service.yaml").read_text())
DOCKERFILE = (ROOT / "Dockerfile").read_text()
SPACE = (ROOT / "docs" / "huggingface" / "README.md").read_text(encoding="utf-8")
ROUTES = ("/readyz", "/healthz")


def test_app_yaml_passes_app_engines_parser() -> None:
    app = appinfo.LoadSingleAppInfo(APP)
    assert (app.env, app.GetEffectiveRuntime()) == ("flex", "custom")
    assert app.network.session_affinity
    assert (app.readiness_check.path, app.liveness_check.path) == ROUTES


@pytest.mark.parametrize(
    ("right", "wrong", "message"),
    [
        ("cpu: 2", "cpu: two", "Unable to assign value 'two'"),
        ("readiness_check", "readyness_check", "Unexpected attribute 'readyness_check'"),
        ("runtime:", "run_time:", "Unexpected attribute 'run_time'"),
    ],
)
def test_app_engines_parser_can_refuse(right: str, wrong: str, message: str) -> None:
    assert right in APP
    with pytest.raises(yaml_errors.EventError, match=message):
        appinfo.LoadSingleAppInfo(APP.replace(right, wrong, 1))


def cloud_run_schemas() -> dict[str, Any]:
    documents = Path(googleapiclient.__file__).parent / "discovery_cache" / "documents"
    return json.loads((documents / "run.v1.json").read_text())["schemas"]


def faults(value: Any, schema: dict[str, Any], schemas: dict[str, Any], path: str) -> list[str]:
    """The unknown fields and wrong types in a value, by a Google API description."""
    schema = schemas[schema["$ref"]] if "$ref" in schema else schema
    kinds = {"object": dict, "array": list, "string": str, "integer": int, "boolean": bool}
    if not isinstance(value, kinds[schema["type"]]):
        return [f"{path} is no {schema['type']}"]
    found = []
    if isinstance(value, dict):
        for key, child in value.items():
            each = schema.get("properties", {}).get(key, schema.get("additionalProperties"))
            inner = f"{path}.{key}"
            found += faults(child, each, schemas, inner) if each else [f"{inner} is unknown"]
    if isinstance(value, list):
        for index, child in enumerate(value):
            found += faults(child, schema["items"], schemas, f"{path}[{index}]")
    return found


def test_service_yaml_fits_cloud_runs_description() -> None:
    assert faults(SERVICE, {"$ref": "Service"}, cloud_run_schemas(), "service") == []
    [container] = SERVICE["spec"]["template"]["spec"]["containers"]
    probes = (container[name]["httpGet"]["path"] for name in ("startupProbe", "livenessProbe"))
    assert tuple(probes) == ROUTES
    assert f"PORT={container['ports'][0]['containerPort']}" in DOCKERFILE


def test_service_yaml_check_can_fail() -> None:
    wrong = json.loads(json.dumps(SERVICE))
    wrong["spec"]["template"]["spec"]["containerConcurrency"] = "many"
    wrong["spec"]["template"]["spec"]["sessions"] = True
    found = faults(wrong, {"$ref": "Service"}, cloud_run_schemas(), "service")
    assert found == [
        "service.spec.template.spec.containerConcurrency is no integer",
        "service.spec.template.spec.sessions is unknown",
    ]


def test_dockerfile_passes_hadolint() -> None:
    hadolint = Path(sys.executable).with_name("hadolint")
    result = subprocess.run(
        [hadolint, ROOT / "Dockerfile"], capture_output=True, text=True, check=False
    )
    assert (result.returncode, result.stdout) == (0, "")


def settings_of(platform: str) -> dict[str, str]:
    """The settings that a platform's file gives the server."""
    if platform == "App Engine":
        return dict(appinfo.LoadSingleAppInfo(APP).env_variables)
    if platform == "Cloud Run":
        [container] = SERVICE["spec"]["template"]["spec"]["containers"]
        return {variable["name"]: variable["value"] for variable in container["env"]}
    text = SPACE if platform == "Space" else DOCKERFILE
    return dict(re.findall(r"\b(DEMO_\w+|PORT)=([^\s`]+)", text))


@pytest.mark.parametrize("platform", ["image", "App Engine", "Cloud Run", "Space"])
def test_platform_files_set_only_valid_settings(
    platform: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    fields = {f"DEMO_{name}".upper(): name for name in Settings.model_fields} | {"PORT": "port"}
    given = settings_of(platform)
    assert given
    assert set(given) <= set(fields)
    for variable, value in given.items():
        monkeypatch.setenv(variable, value)
    taken = Settings().model_dump()
    for variable, value in given.items():
        assert value in (str(taken[fields[variable]]), str(int(taken[fields[variable]] is True)))


@pytest.mark.parametrize(
    ("platform", "added"),
    [("App Engine", "198.51.100.7, 203.0.113.9"), ("Cloud Run", "198.51.100.7")],
)
def test_client_of_tells_visitors_apart_behind_platform_proxies(platform: str, added: str) -> None:
    """Each platform adds to the visitor's own header what its documentation says."""
    proxies = int(settings_of(platform)["DEMO_TRUSTED_PROXIES"])
    for sent in ("", "192.0.2.1, ", "192.0.2.1, 192.0.2.2, 192.0.2.3, "):
        headers = [(b"x-forwarded-for", f"{sent}{added}".encode())]
        scope = {"type": "http", "headers": headers, "client": ("169.254.1.1", 4711)}
        assert client_of(scope, proxies) == "198.51.100.7"


def test_lock_file_holds_every_pin_with_its_hashes() -> None:
    lock = (ROOT / "requirements-serve.lock").read_text()
    locked = {
        canonicalize_name(name): (version, hashes.count("--hash=sha256:"))
        for name, version, hashes in re.findall(
            r"^([\w.-]+)==(\S+) \\\n((?:    --hash=\S+(?: \\)?\n)+)", lock, re.MULTILINE
        )
    }
    assert len(locked) == len(re.findall(r"^\w", lock, re.MULTILINE))
    assert all(count for _, count in locked.values())
    for line in (ROOT / "requirements-serve.txt").read_text().splitlines():
        pin = line.partition("#")[0].strip()
        if pin:
            requirement = Requirement(pin)
            version, _ = locked[canonicalize_name(requirement.name)]
            assert requirement.specifier.contains(version), pin
    assert not {"tensorflow", "keras", "scikit-learn", "opencv-python"} & set(locked)
