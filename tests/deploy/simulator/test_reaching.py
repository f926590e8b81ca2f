"""How a simulated cluster is reached: TLS, ports of its own, kubeconfigs, the program."""

import asyncio
import json
import signal
import ssl
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from kubernetes import client as kubernetes, config

from deploy.simulator.authority import BadCertificate
from deploy.simulator.cluster import Part
from deploy.simulator.fleet import Fleet
from deploy.simulator.simulator import Options, Running, simulating
from tests.deploy.simulator.reaching import Clients, Json, items
from tests.kit.tree import ROOT


@asynccontextmanager
async def program(*arguments: str) -> AsyncGenerator[tuple[asyncio.subprocess.Process, Json]]:
    """The simulator as a program, and the line it prints."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "deploy.simulator", *arguments),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        limit=1_000_000,
    )
    try:
        assert process.stdout is not None
        line = await asyncio.wait_for(process.stdout.readline(), 30)
        yield process, json.loads(line)
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        (BadCertificate.EXPIRED, "certificate has expired"),
        (BadCertificate.OTHER_HOST, "IP address mismatch"),
        (BadCertificate.SELF_SIGNED, "self-signed certificate"),
    ],
)
async def test_a_bad_certificate_is_not_trusted(
    fleet: Fleet, kind: BadCertificate, reason: str
) -> None:
    async with simulating(fleet) as running:
        clients, cluster = Clients(running), running.cluster("edge-1")
        with pytest.raises(httpx.ConnectError, match=reason):
            await clients.open(cluster.bad_tls_url(kind)).get("/version")
        await clients.close()


async def test_behind_a_bad_certificate_is_the_same_cluster(fleet: Fleet) -> None:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    async with simulating(fleet) as running:
        cluster = running.cluster("edge-1")
        async with httpx.AsyncClient(verify=context, trust_env=False) as client:
            for kind in BadCertificate:
                answer = await client.get(f"{cluster.bad_tls_url(kind)}/version")
                assert answer.json()["gitVersion"] == cluster.simulated.cluster.version


async def test_the_simulators_certificate_is_of_its_own_authority(running: Running) -> None:
    async with httpx.AsyncClient(trust_env=False) as client:
        with pytest.raises(httpx.ConnectError, match="certificate verify failed"):
            await client.get(f"{running.cluster('edge-1').api_url}/version")


async def test_a_cluster_can_have_a_port_of_its_own(fleet: Fleet) -> None:
    options = Options(own_ports=frozenset({"hub-1"}), bad_tls=False)
    async with simulating(fleet, options) as running:
        clients, cluster = Clients(running), running.cluster("hub-1")
        assert httpx.URL(cluster.api_url).path == "/"
        nodes = await items(clients.api(cluster), "/api/v1/nodes")
        assert nodes[0]["metadata"]["name"].endswith(".hub-1")
        ready = await clients.backend(cluster, Part.PROMETHEUS).get("/-/ready")
        assert ready.status_code == 200
        shared = clients.open(f"{running.url}/c/hub-1", cluster.account().token)
        assert await items(shared, "/api/v1/nodes") == nodes
        other = await clients.open(cluster.api_url).get("/c/edge-1/version")
        assert other.status_code == 404
        await clients.close()


async def test_kubeconfigs_hold_all_that_is_needed(running: Running, tmp_path: Path) -> None:
    whole = running.write_kubeconfigs(tmp_path / "kubeconfigs")
    told: Any = yaml.safe_load(whole.read_text())
    assert [each["name"] for each in told["contexts"]] == list(running.clusters)
    shown = {tuple(sorted(each["user"])) for each in told["users"]}
    assert shown == {("token",), ("client-certificate-data", "client-key-data")}
    files = [*whole.parent.iterdir()]
    assert len(files) == len(running.clusters) + 1
    assert {file.stat().st_mode & 0o777 for file in files} == {0o600}


@pytest.mark.parametrize("by_certificate", [False, True])
async def test_the_kubernetes_client_reads_pods_with_a_kubeconfig(
    running: Running, tmp_path: Path, by_certificate: bool
) -> None:
    running.write_kubeconfigs(tmp_path)
    name = next(
        each.name for each in running.fleet.clusters if each.by_certificate is by_certificate
    )

    def read() -> list[int]:
        with config.new_client_from_config(str(tmp_path / f"{name}.yaml")) as client:
            core: Any = kubernetes.CoreV1Api(client)
            extensions: Any = kubernetes.ApiextensionsV1Api(client)
            found = [
                core.list_pod_for_all_namespaces(limit=20),
                core.list_node(),
                core.list_namespace(limit=1),
                core.list_namespaced_service("default"),
            ]
            # It refuses answers that lack what the API promises.
            extensions.list_custom_resource_definition()
            kubernetes.VersionApi(client).get_code()
            return [len(each.items) for each in found]

    assert await asyncio.to_thread(read) == [20, 6, 1, 1]


async def test_the_program_prints_one_line_and_ends_on_a_signal(tmp_path: Path) -> None:
    arguments = ("--clusters", "3", "--seed", "7", "--folder", str(tmp_path))
    async with program(*arguments) as (process, ready):
        assert ready["simulated"] is True
        assert [each["name"] for each in ready["clusters"]] == ["hub-1", "edge-1", "spoke-1"]
        secrets = _told(ready["credentials"])
        hub = ready["clusters"][0]
        token = secrets["hub-1"]["backends"]["prometheus"]
        context = ssl.create_default_context(cafile=ready["ca"])
        async with httpx.AsyncClient(verify=context, trust_env=False) as client:
            answer = await client.get(
                f"{hub['endpoints']['prometheus_url']}/-/ready",
                headers={"authorization": f"Bearer {token}"},
            )
            assert answer.status_code == 200
            assert _is_file(hub["kubeconfig"])
            process.send_signal(signal.SIGTERM)
            assert await asyncio.wait_for(process.wait(), 10) == 0


async def test_the_program_leaves_nothing_behind() -> None:
    async with program("--clusters", "1") as (process, ready):
        assert _is_file(ready["kubeconfig"])
        assert _mode(ready["credentials"]) == 0o600
        process.send_signal(signal.SIGINT)
        await asyncio.wait_for(process.wait(), 10)
    assert not _is_file(ready["kubeconfig"])


@pytest.mark.parametrize("arguments", [("--clusters", "0"), ("--port", "70000"), ("--nodes", "x")])
async def test_the_program_refuses_what_makes_no_sense(arguments: tuple[str, str]) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "deploy.simulator", *arguments),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, error = await asyncio.wait_for(process.communicate(), 30)
    assert process.returncode == 2
    assert out == b""
    assert arguments[0].encode() in error


def _is_file(path: str) -> bool:
    return Path(path).is_file()


def _mode(path: str) -> int:
    return Path(path).stat().st_mode & 0o777


def _told(path: str) -> Json:
    return json.loads(Path(path).read_text())
