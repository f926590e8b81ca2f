"""The parts run with the variables of the manifests, and answer probes by the pod's address."""

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Generator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import httpx
import pytest

from deploy.kubernetes import kustomize, nats, secrets
from deploy.kubernetes.values import DEFAULTS, DEVELOPMENT, merged
from deploy.local.nats_server import find_binary
from deploy.local.ports import free_port
from deploy.platform import PARTS
from services.runtime.settings import environment
from tests.kit.embedded import running_postgres
from tests.kit.manifests import documents, pod_templates

pytestmark = [pytest.mark.flow, pytest.mark.nats, pytest.mark.postgres]

SECRETS = {
    each["metadata"]["name"]: each["stringData"] for each in documents(secrets.manifest("x"))
}
OBJECTS = [each for _, each in kustomize.rendered(merged(DEFAULTS, DEVELOPMENT))]
_PATIENCE = 90.0


def _address() -> str:
    """This machine's, as others see it: the server must not listen on loopback alone."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        # Nothing is sent: it only asks for the way.
        probe.connect(("192.0.2.1", 9))
        return str(probe.getsockname()[0])


def _variables(component: str, here: Mapping[str, str]) -> dict[str, str]:
    """What the container would have; ``here``: what another machine makes different."""
    found = {name: each["spec"] for name, each in pod_templates(OBJECTS)}
    (container,) = found[component]["containers"]
    told: dict[str, str] = {}
    for each in container["env"]:
        source = each.get("valueFrom", {}).get("secretKeyRef")
        known = SECRETS[source["name"]][source["key"]] if source else each.get("value", "")
        told[each["name"]] = known
    told |= here
    return {name: text.replace("$(POD_IP)", told.get("POD_IP", "")) for name, text in told.items()}


@contextmanager
def _bus(folder: Path) -> Generator[str]:
    ports = {number: free_port() for number in (nats.CLIENTS, nats.MONITOR)}
    text = nats.files()["alone.conf"].replace("/run/nats", str(folder))
    for number, port in ports.items():
        text = text.replace(str(number), str(port))
    (folder / "alone.conf").write_text(text.replace("/data", str(folder / "data")))
    command = [str(find_binary({})), "--config", str(folder / "alone.conf")]
    here = {"AIOPS_NATS_SERVER_NAME": "aiops-nats-0", "GOMEMLIMIT": "512MiB"}
    with (folder / "nats.log").open("w") as log:
        told = environment() | _variables(nats.NAME, here)
        server = subprocess.Popen(command, env=told, stderr=log)
    try:
        yield f"nats://127.0.0.1:{ports[nats.CLIENTS]}"
    finally:
        server.terminate()
        server.wait()


def test_the_parts_run_and_answer_probes(tmp_path: Path) -> None:
    address = _address()
    with ExitStack() as stack:
        database = stack.enter_context(running_postgres(tmp_path / "postgres"))
        shared = {
            "AIOPS_NATS__URL": stack.enter_context(_bus(tmp_path)),
            "AIOPS_DATABASE__URL": database.url,
            "AIOPS_DATA_DIR": str(tmp_path / "data"),
        }
        asked: dict[str, int] = {}
        for part in PARTS:
            command = [sys.executable, "-m", "deploy.cli.main", *part.command[1:]]
            if part.health is None:
                told = environment() | _variables(f"aiops-{part.name}-1", shared)
                subprocess.run(command, env=told, check=True, timeout=_PATIENCE)
                continue
            asked[part.name] = free_port()
            port = "AIOPS_GATEWAY__PORT" if part.name == "gateway" else "AIOPS_HEALTH_PORT"
            here = shared | {port: str(asked[part.name]), "POD_IP": address}
            told = environment() | _variables(f"aiops-{part.name}", here)
            log = stack.enter_context((tmp_path / f"{part.name}.log").open("w"))
            process = subprocess.Popen(command, env=told, stdout=log, stderr=log)
            stack.callback(process.wait)
            stack.callback(process.send_signal, signal.SIGTERM)
        for part in PARTS:
            if part.health is not None:
                _becomes_ready(f"http://{address}:{asked[part.name]}", part.health.path)
        metrics = httpx.get(
            f"http://{address}:{asked['workers']}/metrics", timeout=5, trust_env=False
        )
        assert 'aiops_part{part="workers"} 1.0' in metrics.text


def _becomes_ready(base: str, path: str) -> None:
    deadline = time.monotonic() + _PATIENCE
    with httpx.Client(timeout=5, trust_env=False) as client:
        while time.monotonic() < deadline:
            with suppress(httpx.TransportError):
                if client.get(f"{base}{path}").status_code == 200:
                    assert client.get(f"{base}/health").status_code == 200
                    return
            time.sleep(0.1)
    pytest.fail(f"{base}{path} does not become ready")
