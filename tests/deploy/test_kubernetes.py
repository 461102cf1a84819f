"""deploy/kubernetes: every document fits Kubernetes' own schema; and as kustomize
builds it, no pod has more than it needs."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from deploy.supervisor import roles
from deploy.supervisor.postgres import OPTIONS

BASE = Path(__file__).resolve().parents[2] / "deploy" / "kubernetes"
KUBECTL = shutil.which("kubectl")

PATCH = "pod.yaml"  # for what the others name: no document by itself


@pytest.fixture(scope="module")
def built() -> list[dict[str, Any]]:
    if KUBECTL is None:
        pytest.skip("kubectl is not installed")
    done = subprocess.run(
        [str(KUBECTL), "kustomize", str(BASE)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return list(yaml.safe_load_all(done.stdout))


def pods(built: list[dict[str, Any]]) -> Iterator[tuple[str, dict[str, Any]]]:
    for thing in built:
        if thing["kind"] in ("Deployment", "StatefulSet", "Job"):
            yield thing["metadata"]["name"], thing["spec"]["template"]


def schema_fits(thing: dict[str, Any]) -> None:
    """Raises for what is missing, of another type, or not known."""
    version = kubernetes_validate.latest_version()
    kubernetes_validate.validate(thing, version, strict=True)


@pytest.mark.parametrize(
    "file",
    [
        file.name
        for file in sorted(BASE.glob("*.yaml"))
        if file.name not in (PATCH, "kustomization.yaml")
    ],
)
def test_every_document_fits_its_schema(file: str) -> None:
    for thing in yaml.safe_load_all((BASE / file).read_text()):
        schema_fits(thing)


def test_the_patch_of_all_pods_fits_a_deployment() -> None:
    patch = yaml.safe_load((BASE / PATCH).read_text())
    patch["spec"]["selector"] = {"matchLabels": {"app": "any"}}
    schema_fits(patch)
    patch["spec"]["template"]["spec"]["container"] = []
    with pytest.raises(kubernetes_validate.ValidationError):
        schema_fits(patch)


def test_what_is_built_fits_its_schema(built: list[dict[str, Any]]) -> None:
    for thing in built:
        schema_fits(thing)


def test_there_is_each_role_and_one_clock(built: list[dict[str, Any]]) -> None:
    commands = {
        name: pod["spec"]["containers"][0].get("command", [])
        for name, pod in pods(built)
    }
    started = {command[-1] for command in commands.values() if "--only" in command}
    assert started == set(roles.ROLES)
    counts = {
        t["metadata"]["name"]: t["spec"].get("replicas") for t in built if "spec" in t
    }
    assert counts["clock"] == 1


def test_every_pod_is_without_rights_and_bounded(built: list[dict[str, Any]]) -> None:
    for name, pod in pods(built):
        spec = pod["spec"]
        assert spec["automountServiceAccountToken"] is False, name
        assert spec["securityContext"]["runAsNonRoot"] is True, name
        for container in spec["containers"]:
            rights = container["securityContext"]
            assert rights["readOnlyRootFilesystem"] is True, name
            assert rights["allowPrivilegeEscalation"] is False, name
            assert rights["capabilities"] == {"drop": ["ALL"]}, name
            assert {"cpu", "memory"} <= container["resources"]["limits"].keys(), name
            assert name == "migrate" or "livenessProbe" in container, name


def test_only_postgres_keeps_anything(built: list[dict[str, Any]]) -> None:
    keeps = [t["metadata"]["name"] for t in built if "volumeClaimTemplates" in str(t)]
    assert keeps == ["postgres"]
    for name, pod in pods(built):
        for volume in pod["spec"].get("volumes", []):
            assert "emptyDir" in volume, name


def test_postgres_is_started_as_the_embedded_one(built: list[dict[str, Any]]) -> None:
    [postgres] = [pod for name, pod in pods(built) if name == "postgres"]
    given = postgres["spec"]["containers"][0]["args"]
    assert {f"{name}={value}" for name, value in OPTIONS.items()} <= set(given)


def test_all_that_speak_to_each_other_are_named_in_a_policy(
    built: list[dict[str, Any]],
) -> None:
    policies = [t["spec"] for t in built if t["kind"] == "NetworkPolicy"]
    assert {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]} in policies
    named = {str(p["podSelector"].get("matchLabels")) for p in policies}
    for name in ("postgres", "redis", "web"):
        assert str({"app": name}) in named


def test_no_secret_lies_in_the_base() -> None:
    for file in BASE.glob("*.yaml"):
        assert "kind: Secret" not in file.read_text()
