"""The program and Ray understand the examples in `cluster/`."""

import re
import shlex

import pytest
import yaml

from demo.commands.main import _parser
from tests.conftest import ROOT

CLUSTER = ROOT / "cluster"
KINDS = ("headGroupSpec", "workerGroupSpecs")
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


def test_rayjob_hangs_together_and_its_driver_reads_no_pictures() -> None:
    job = yaml.safe_load((CLUSTER / "rayjob.yaml").read_text())
    assert (job["apiVersion"], job["kind"]) == ("ray.io/v1", "RayJob")
    # KubeRay deletes a cluster after a time only if it deletes it at all, and a repeated job continues.
    assert job["spec"]["shutdownAfterJobFinishes"]
    assert "--resume" in job["spec"]["entrypoint"]
    head, [workers] = (job["spec"]["rayClusterSpec"][key] for key in KINDS)
    assert head["rayStartParams"] == {"num-cpus": "0"}
    assert workers["minReplicas"] <= workers["replicas"] <= workers["maxReplicas"]
    for group in (head, workers):
        [container] = group["template"]["spec"]["containers"]
        assert container["image"] in (CLUSTER / "Dockerfile").read_text()
        # Ray offers as many cores as the limit allows, and one actor runs on each.
        assert container["resources"]["limits"] == container["resources"]["requests"]


@pytest.mark.ray
@pytest.mark.parametrize("kind", KINDS)
def test_rayjob_pods_follow_the_schema_of_kubernetes(kind: str) -> None:
    kubernetes = pytest.importorskip("kubernetes_validate")
    job = yaml.safe_load((CLUSTER / "rayjob.yaml").read_text())
    groups = job["spec"]["rayClusterSpec"][kind]
    [template] = [group["template"] for group in (groups if isinstance(groups, list) else [groups])]
    pod = {"apiVersion": "v1", "kind": "PodTemplate", "template": template}
    newest = kubernetes.latest_version()
    kubernetes.validate(pod, newest, strict=True)
    template["spec"]["containers"][0]["resources"]["limit"] = {}
    with pytest.raises(kubernetes.ValidationError, match="'limit' was unexpected"):
        kubernetes.validate(pod, newest, strict=True)


@pytest.mark.ray
def test_aws_cluster_file_is_valid_for_ray() -> None:
    util = pytest.importorskip("ray.autoscaler._private.util")
    config = yaml.safe_load((CLUSTER / "aws.yaml").read_text())
    util.validate_config(util.prepare_config(config))
    for name in config["file_mounts"].values():
        assert (ROOT / name).exists()
