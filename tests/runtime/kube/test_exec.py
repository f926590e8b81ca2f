"""Commands in pods: as Kubernetes and the simulated fleet run them, and when it goes wrong."""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest
from websockets.asyncio.server import ServerConnection

from deploy.simulator.faults import Fault, FaultKind
from deploy.simulator.fleet import Fleet
from deploy.simulator.simulator import Options, RunningCluster, simulating
from services.runtime.clock import SystemClock
from services.runtime.kube.exec import NO_SUCH_PROGRAM, Outcome, PodContainer
from services.runtime.kube.failures import ApiFailureKind as Kind
from services.runtime.outbound.clients import Outbound, Target
from tests.deploy.simulator.executing import SPACE, Asking, asking_gpus
from tests.runtime.kube.pods import DRIVER, SUCCESS, V4, V5, Pods, exited, pods, says, status

pytestmark = pytest.mark.anyio


async def silent(socket: ServerConnection) -> None:
    await socket.wait_closed()


def refusal(code: int, message: str) -> bytes:
    told = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code}
    return json.dumps(told | {"message": message}).encode()


async def test_what_a_command_prints_comes_whole_and_by_channel() -> None:
    told = says(b"\x01", b"\x01one\n", b"\x02oh\n", b"\x01two\n", b"", b"\x02", exited(3))
    async with pods(told) as server:
        assert await server.run() == Outcome(b"one\ntwo\n", b"oh\n", 3)


async def test_channels_that_are_closed_and_unknown_ones_are_passed_over() -> None:
    told = says(b"\x01x", b"\xff\x01", b"\xff\x02", b"\x07?", b"\x03", SUCCESS)
    async with pods(told) as server:
        assert await server.run() == Outcome(b"x", b"", 0)


async def test_a_command_is_asked_for_word_by_word() -> None:
    async with pods(says(SUCCESS)) as server:
        where = PodContainer("a b", "p/q", "driver")
        await server.run(("grep", "-H", "", "/proc/1/c g&r=o+up"), where)
    path, query = server.asked[0]
    assert path == "/k8s/api/v1/namespaces/a%20b/pods/p%2Fq/exec"
    # A word of nothing is one too; `parse_qsl` leaves it out.
    assert [value for name, value in query if name == "command"] == [
        "grep",
        "-H",
        "/proc/1/c g&r=o+up",
    ]
    assert dict(query)["container"] == "driver"
    assert dict(query)["stdout"] == dict(query)["stderr"] == "1"
    assert "stdin" not in dict(query)


@pytest.mark.parametrize("understands", [(V5, V4), (V4,)])
async def test_older_servers_speak_the_older_protocol(understands: tuple[str, ...]) -> None:
    async with pods(says(b"\x01x", SUCCESS), understands=understands) as server:
        assert (await server.run()).stdout == b"x"
    assert server.offered == [f"{V5}, {V4}"]


async def test_a_server_that_chooses_no_protocol_is_not_believed() -> None:
    async with pods(says(b"\x01x", SUCCESS), understands=()) as server:
        await server.failure(Kind.NOT_KUBERNETES, "no protocol for commands")


@pytest.mark.parametrize(
    "message",
    [
        'failed to exec in container: failed to start exec "4b1f": OCI runtime exec failed: exec'
        ' failed: unable to start container process: exec: "nvidia-smi": executable file not found'
        " in $PATH: unknown",
        "exec failed: unable to start container process: exec:"
        ' "/usr/bin/nvidia-smi": stat /usr/bin/nvidia-smi: no such file or directory: unknown',
        "executable file `nvidia-smi` not found in $PATH: No such file or directory",
    ],
)
async def test_a_program_that_is_not_there_is_told_as_a_shell_would(message: str) -> None:
    async with pods(says(status(reason="InternalError", code=500, message=message))) as server:
        assert (await server.run()).code == NO_SUCH_PROGRAM == 127


@pytest.mark.parametrize(
    ("message", "text"),
    [
        ('container not found ("driver")', "it is not running: pod nvidia-driver"),
        ("error dialing backend: dial tcp 10.1.2.3:10250: i/o timeout", "does not reach the node"),
        ("something else: sha256~never-tell-this-token", "the command was not run in pod nvidia"),
    ],
)
async def test_a_command_that_was_not_run_says_why(message: str, text: str) -> None:
    async with pods(says(status(reason="InternalError", code=500, message=message))) as server:
        await server.failure(Kind.FAILING, text)
    async with pods(silent, instead=(500, refusal(500, message))) as server:
        failed = await server.failure(Kind.FAILING)
        assert failed.passing


@pytest.mark.parametrize(
    ("code", "body", "kind", "text"),
    [
        (401, b"", Kind.UNAUTHORIZED, "credentials"),
        (403, b"", Kind.FORBIDDEN, "get and create pods/exec in nvidia-gpu-operator"),
        (404, refusal(404, "pods not found"), Kind.NOT_SERVED, f"no pod {DRIVER.pod}"),
        (404, b"page not found", Kind.NOT_SERVED, "does not serve"),
        (400, refusal(400, "container x is not valid for pod y"), Kind.FAILING, "no such cont"),
        (400, refusal(400, "Upgrade request required"), Kind.FAILING, "the proxy before"),
        (400, b"<html>", Kind.NOT_KUBERNETES, "400"),
        (302, b"", Kind.NOT_KUBERNETES, "redirects"),
        (200, b"{}", Kind.NOT_KUBERNETES, "opens no WebSocket"),
        (429, b"", Kind.FAILING, "429"),
        (503, b"x" * 100_000, Kind.FAILING, "503"),
    ],
)
async def test_an_answer_instead_of_a_websocket(
    code: int, body: bytes, kind: Kind, text: str
) -> None:
    async with pods(silent, instead=(code, body)) as server:
        failed = await server.failure(kind, text)
        assert failed.status == code


@pytest.mark.parametrize(
    "told",
    [
        status(reason="NonZeroExitCode"),
        exited("many"),
        exited(-1),
        b"\x03[]",
        b"\x03{",
        b"\x03\xff",
    ],
)
async def test_an_end_that_makes_no_sense_is_none(told: bytes) -> None:
    async with pods(says(b"\x01x", told)) as server:
        await server.failure(Kind.NOT_KUBERNETES, "how a command has ended")


async def test_a_connection_that_ends_before_the_command_is_told() -> None:
    async with pods(says(b"\x01half of it")) as server:
        failed = await server.failure(Kind.UNREACHABLE, "broke off", DRIVER.pod)
        assert failed.passing


async def test_a_server_that_hangs_up_after_all_was_said_is_believed() -> None:
    async def hang_up(socket: ServerConnection) -> None:
        await socket.send(b"\x01" + b"x" * 50_000)
        await socket.send(SUCCESS)
        socket.transport.close()

    async with pods(hang_up) as server:
        assert len((await server.run()).stdout) == 50_000


async def test_a_command_that_does_not_end_is_left() -> None:
    ended = asyncio.Event()

    async def hang(socket: ServerConnection) -> None:
        await socket.send(b"\x01x")
        await socket.wait_closed()
        ended.set()

    async with pods(hang) as server:
        await server.failure(Kind.FAILING, "has not ended within 0.3 s", seconds=0.3)
        await asyncio.wait_for(ended.wait(), 20)


async def test_more_than_is_allowed_is_not_taken_in() -> None:
    chunk = b"\x01" + b"x" * 999
    async with pods(says(*[chunk] * 10, SUCCESS)) as server:
        assert len((await server.run(limit=9_990)).stdout) == 9_990
        await server.failure(Kind.OVERSIZED, "more than 9989 bytes", limit=9_989)
    async with pods(says(b"\x01" + b"x" * 200_000, SUCCESS)) as server:
        await server.failure(Kind.OVERSIZED, "more than 1000 bytes", limit=1_000)


async def test_a_pod_that_no_address_can_name() -> None:
    where = PodContainer("nvidia-gpu-operator", "p" * 70_000)
    async with pods(says(SUCCESS)) as server:
        await server.failure(Kind.UNREACHABLE, where=where)
        assert server.asked == []


async def test_nobody_there() -> None:
    outbound = Outbound(SystemClock())
    nobody = Pods(outbound.client(Target(base_url="http://127.0.0.1:9")))
    await nobody.failure(Kind.UNREACHABLE, "refuses connections")
    await outbound.close()


@dataclass
class Simulated:
    asking: Asking
    cluster: RunningCluster
    pods: Pods

    @property
    def where(self) -> PodContainer:
        return PodContainer(SPACE, self.asking.pod)


@asynccontextmanager
async def simulated(account: str = "operator") -> AsyncGenerator[Simulated]:
    """The first cluster with GPUs, over TLS."""
    async with simulating(Fleet.make(12, seed=7), Options(bad_tls=False)) as running:
        asking = asking_gpus(running)
        outbound = Outbound(SystemClock())
        target = Target(
            base_url=asking.cluster.api_url,
            ca=running.authority.pem.decode(),
            token=asking.cluster.account(account).token,
        )
        yield Simulated(asking, asking.cluster, Pods(outbound.client(target)))
        await outbound.close()


async def test_a_simulated_cluster_runs_commands_and_does_all_kinds_of_harm() -> None:
    async with simulated() as there:
        said = await there.pods.run(("echo", "a b", "c"), there.where)
        assert said == Outcome(b"a b c\n", b"", 0)
        assert (await there.pods.run(("none",), there.where)).code == NO_SUCH_PROGRAM
        missing = PodContainer(SPACE, "none")
        await there.pods.failure(Kind.NOT_SERVED, "no pod none", where=missing)
        other = PodContainer(SPACE, there.asking.pod, "other")
        await there.pods.failure(Kind.FAILING, "no such container: container other", where=other)
        for fault, kind in (
            (Fault(FaultKind.RESET), Kind.UNREACHABLE),
            (Fault(FaultKind.HANG), Kind.UNREACHABLE),
            (Fault(FaultKind.HUGE, size=300_000), Kind.OVERSIZED),
        ):
            there.cluster.fail(fault)
            command = ("echo", "x" * 1_000)
            await there.pods.failure(kind, where=there.where, command=command, seconds=1.0)
        there.cluster.fail(FaultKind.NONE)
        assert (await there.pods.run(("echo",), there.where)).code == 0


async def test_a_reader_may_run_nothing() -> None:
    async with simulated("reader") as there:
        await there.pods.failure(Kind.FORBIDDEN, f"pods/exec in {SPACE}", where=there.where)
