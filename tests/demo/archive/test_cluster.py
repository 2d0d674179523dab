"""The program and Ray understand the examples in `cluster/`."""

import re
import shlex

import pytest
import yaml

from demo.commands.main import _parser
from tests.conftest import ROOT

CLUSTER = ROOT / "cluster"
DOCUMENT = (ROOT / "docs" / "archive.md").read_text(encoding="utf-8")


def test_classify_accepts_the_commands_of_the_document_and_the_cluster() -> None:
    job = yaml.safe_load((CLUSTER / "rayjob.yaml").read_text())
    lines = [line for line in DOCUMENT.splitlines() if " -m demo classify " in line]
    assert len(lines) == 4
    for line in [*lines, job["spec"]["entrypoint"]]:
        words = shlex.split(line)
        # `ray exec` takes the whole command for the cluster as one word.
        words = shlex.split(words[-1]) if words[0] == "ray" else words
        options = _parser().parse_args(words[words.index("classify") :])
        assert options.parquet


def test_rayjob_names_the_pinned_versions() -> None:
    pinned = (ROOT / "requirements-ray.txt").read_text()
    job = yaml.safe_load((CLUSTER / "rayjob.yaml").read_text())
    assert f"ray[data]=={job['spec']['rayClusterSpec']['rayVersion']}\n" in pinned
    [pyarrow] = re.findall(r"pyarrow==\S+", pinned)
    assert f"\n{pyarrow} " in (ROOT / "requirements.txt").read_text()
    assert pyarrow in DOCUMENT


@pytest.mark.ray
def test_aws_cluster_file_is_valid_for_ray() -> None:
    util = pytest.importorskip("ray.autoscaler._private.util")
    config = yaml.safe_load((CLUSTER / "aws.yaml").read_text())
    util.validate_config(util.prepare_config(config))
    for name in config["file_mounts"].values():
        assert (ROOT / name).exists()
