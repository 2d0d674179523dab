"""The deployment files, each held to its platform's own parser or description."""

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

ROOT = Path(__file__).parents[1]
APP = (ROOT / "app.yaml").read_text()
SERVICE = yaml.safe_load((ROOT / "service.yaml").read_text())
DOCKERFILE = (ROOT / "Dockerfile").read_text()
ROUTES = ("/readyz", "/healthz")


def test_app_engine_takes_its_file() -> None:
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
    """Where a value is not what a Google API description says: unknown fields and wrong types."""
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


def test_cloud_runs_description_fits_its_file() -> None:
    assert faults(SERVICE, {"$ref": "Service"}, cloud_run_schemas(), "service") == []
    [container] = SERVICE["spec"]["template"]["spec"]["containers"]
    probes = (container[name]["httpGet"]["path"] for name in ("startupProbe", "livenessProbe"))
    assert tuple(probes) == ROUTES
    assert f"PORT={container['ports'][0]['containerPort']}" in DOCKERFILE


def test_the_check_of_cloud_runs_file_can_fail() -> None:
    wrong = json.loads(json.dumps(SERVICE))
    wrong["spec"]["template"]["spec"]["containerConcurrency"] = "many"
    wrong["spec"]["template"]["spec"]["sessions"] = True
    found = faults(wrong, {"$ref": "Service"}, cloud_run_schemas(), "service")
    assert found == [
        "service.spec.template.spec.containerConcurrency is no integer",
        "service.spec.template.spec.sessions is unknown",
    ]


def test_hadolint_has_nothing_to_say() -> None:
    hadolint = Path(sys.executable).with_name("hadolint")
    result = subprocess.run(
        [hadolint, ROOT / "Dockerfile"], capture_output=True, text=True, check=False
    )
    assert (result.returncode, result.stdout) == (0, "")


def test_the_image_sets_only_settings_that_exist() -> None:
    names = {f"DEMO_{name}".upper() for name in Settings.model_fields}
    used = set(re.findall(r"\b(DEMO_\w+)=", DOCKERFILE))
    assert used
    assert used <= names


def test_the_lock_holds_every_pin_with_its_hashes() -> None:
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
    assert not {"tensorflow", "keras", "scipy", "scikit-learn"} & set(locked)
