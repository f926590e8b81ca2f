"""Commands in pods, by the official client and by bare WebSockets."""

import asyncio
import csv
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import pytest
from kubernetes import client as kubernetes
from kubernetes.stream import stream as untyped  # pyright: ignore[reportUnknownVariableType]
from websockets.typing import Subprotocol

from deploy.simulator.faults import Fault, FaultKind
from deploy.simulator.rights import Rule
from deploy.simulator.simulator import Running
from tests.deploy.simulator.executing import (
    QUERY,
    SPACE,
    SUCCESS,
    V4,
    V5,
    Asking,
    all_of,
    asking_gpus,
)
from tests.deploy.simulator.reaching import Clients, refused

stream = cast("Any", untyped)


@pytest.fixture
def asking(running: Running) -> Asking:
    return asking_gpus(running)


@pytest.fixture
def core(asking: Asking, tmp_path: Path) -> kubernetes.CoreV1Api:
    authority = tmp_path / "ca.pem"
    authority.write_bytes(asking.running.authority.pem)
    configuration = kubernetes.Configuration()
    configuration.host = asking.cluster.api_url
    configuration.ssl_ca_cert = str(authority)
    configuration.api_key = {"authorization": f"Bearer {asking.token}"}
    configuration.proxy = None
    return kubernetes.CoreV1Api(kubernetes.ApiClient(configuration))


async def streamed(core: kubernetes.CoreV1Api, pod: str, command: Sequence[str]) -> Any:
    """The official client's own object, after the command has ended."""

    def ask() -> Any:
        asked = core.connect_get_namespaced_pod_exec
        options = {"stdout": True, "stderr": True, "stdin": False, "tty": False}
        socket = stream(asked, pod, SPACE, command=list(command), _preload_content=False, **options)
        socket.run_forever(timeout=10)
        # Its own `close` does nothing about the connection once the server has closed.
        socket.sock.shutdown()
        return socket

    return await asyncio.to_thread(ask)


async def test_the_official_client_reads_the_gpus(
    core: kubernetes.CoreV1Api, asking: Asking
) -> None:
    socket = await streamed(core, asking.pod, QUERY)
    assert socket.returncode == 0
    rows = list(csv.reader(socket.read_stdout(timeout=1).splitlines(), skipinitialspace=True))
    assert [row[0] for row in rows] == [str(number) for number in range(8)]


async def test_the_official_client_learns_of_a_failure(
    core: kubernetes.CoreV1Api, asking: Asking
) -> None:
    socket = await streamed(core, asking.pod, ["sh", "-c", "echo so; echo no >&2; exit 3"])
    assert (socket.returncode, socket.read_stdout(timeout=1)) == (3, "so\n")
    assert socket.read_stderr(timeout=1) == "no\n"


@pytest.mark.parametrize("offered", [(V5,), (V4,), (V5, V4), (V4, V5)])
async def test_the_first_known_subprotocol_of_the_client_is_spoken(
    asking: Asking, offered: Sequence[Subprotocol]
) -> None:
    unknown = Subprotocol("v9.channel.k8s.io")
    async with asking.connect(asking.path(["echo", "a", "b"]), (unknown, *offered)) as socket:
        assert socket.subprotocol == offered[0]
        said = await all_of(socket)
    assert said.messages[:-1] == [b"\x01", b"\x01a b\n"]
    assert json.loads(said.messages[-1].removeprefix(b"\x03")) == SUCCESS


@pytest.mark.parametrize("offered", [(), (Subprotocol("channel.k8s.io"),)])
async def test_without_a_known_subprotocol_there_is_no_websocket(
    asking: Asking, offered: Sequence[Subprotocol]
) -> None:
    assert (await asking.denied(asking.path(), offered)).status_code == 403


@pytest.mark.parametrize(
    ("command", "stdout", "stderr", "code"),
    [
        (("echo",), "\n", "", 0),
        (("sh", "-c", "exit 0"), "", "", 0),
        (("sh", "-c", "exit 300"), "", "", 44),
        (("/bin/bash", "-c", "exit x"), "", "", 2),
        (("sh", "-c", "echo 'a;"), "", "sh: syntax error: unterminated quoted string\n", 2),
        (("sh", "-c", "frobnicate; echo on"), "on\n", "sh: frobnicate: not found\n", 0),
        (("sh", "-c", "frobnicate; exit"), "", "sh: frobnicate: not found\n", 127),
    ],
)
async def test_a_shell_does_a_little(
    asking: Asking, command: Sequence[str], stdout: str, stderr: str, code: int
) -> None:
    said = await asking.said(command)
    assert (said.text(1), said.text(2)) == (stdout, stderr)
    assert exit_code(said.status) == code


def exit_code(status: dict[str, Any]) -> int:
    if status["status"] == "Success":
        return 0
    assert (status["status"], status["reason"]) == ("Failure", "NonZeroExitCode")
    [cause] = status["details"]["causes"]
    assert cause["reason"] == "ExitCode"
    return int(cause["message"])


async def test_the_runtime_knows_no_such_program(asking: Asking) -> None:
    said = await asking.said(["frobnicate", "--all"])
    assert exit_code(said.status) == 127
    assert "executable file `frobnicate` not found in $PATH" in said.text(2)
    assert "exit code 127" in said.status["message"]


async def test_only_the_driver_s_pods_know_the_gpus(asking: Asking) -> None:
    pods = asking.cluster.simulated.cluster.pods(SPACE)
    other = next(each.name for each in pods if each.app == "gpu-operator")
    async with asking.connect(asking.path(pod=other)) as socket:
        assert exit_code((await all_of(socket)).status) == 127


async def test_only_what_is_wanted_is_sent(asking: Asking) -> None:
    both = ["sh", "-c", "echo so; echo no >&2"]
    said = await asking.said(both, stdout="false")
    assert (said.messages[0], said.text(1), said.text(2)) == (b"\x02", "", "no\n")
    said = await asking.said(both, stderr="0")
    assert (said.text(1), said.text(2)) == ("so\n", "")
    said = await asking.said(both, stdin="1", stdout="0", stderr="0")
    assert [message[:1] for message in said.messages] == [b"\x03", b"\x03"]


async def test_a_terminal_has_one_output(asking: Asking) -> None:
    said = await asking.said(["sh", "-c", "echo so; echo no >&2"], tty="true")
    assert (said.text(1), said.text(2)) == ("so\r\nno\r\n", "")


async def test_input_sizes_and_ends_of_input_are_taken(asking: Asking) -> None:
    asking.cluster.fail(Fault(FaultKind.DRIP, bytes_per_second=20))
    path = asking.path(["echo", "0123456789"], stdin="true")
    async with asking.connect(path) as socket:
        for message in (b"\x00typed", b'\x04{"Width":80,"Height":24}', b"\xff\x00", "\x00text"):
            await socket.send(message)
        said = await all_of(socket)
    assert (said.text(1), said.status) == ("0123456789\n", SUCCESS)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"container": "other"}, "container other is not valid for pod"),
        ({"stdout": "false", "stderr": "false"}, "you must specify at least 1 of stdin"),
    ],
)
async def test_what_makes_no_sense_is_a_bad_request(
    asking: Asking, more: dict[str, str], message: str
) -> None:
    told = await status_of(await asking.denied(asking.path(**more)), 400, "BadRequest")
    assert message in told["message"]


async def status_of(response: Any, code: int, reason: str) -> dict[str, Any]:
    told = json.loads(response.body)
    assert (response.status_code, told["code"], told["reason"]) == (code, code, reason)
    assert response.headers["Content-Type"] == "application/json"
    return told


async def test_a_command_is_needed(asking: Asking) -> None:
    await status_of(await asking.denied(asking.path([])), 400, "BadRequest")


async def test_the_container_may_be_named(asking: Asking) -> None:
    said = await asking.said(["echo"], container="nvidia-driver-ctr")
    assert said.status == SUCCESS


async def test_a_pod_that_is_not_there_is_not_found(asking: Asking) -> None:
    told = await status_of(await asking.denied(asking.path(pod="gone")), 404, "NotFound")
    assert told["message"] == 'pods "gone" not found'


async def test_nobody_s_token_is_unauthorized(asking: Asking) -> None:
    asking.token = "nobody's"
    await status_of(await asking.denied(asking.path()), 401, "Unauthorized")


async def test_commands_are_a_right_of_their_own(asking: Asking) -> None:
    asking.token = asking.cluster.account("reader").token
    told = await status_of(await asking.denied(asking.path()), 403, "Forbidden")
    assert 'cannot create resource "pods/exec" in API group ""' in told["message"]


@pytest.mark.parametrize(("verb", "may"), [("create", True), ("get", False)])
async def test_whoever_may_create_them_may_run_them(asking: Asking, verb: str, may: bool) -> None:
    asking.token = f"token-{verb}"
    asking.cluster.admit("someone", asking.token, [Rule((verb,), ("",), ("pods/exec",))])
    if may:
        assert (await asking.said(["echo"])).status == SUCCESS
    else:
        assert (await asking.denied(asking.path())).status_code == 403


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_without_an_upgrade_nothing_runs(
    asking: Asking, clients: Clients, method: str
) -> None:
    client = clients.api(asking.cluster, asking.token)
    told = refused(await client.request(method, asking.path()), 400, "BadRequest")
    assert told["message"] == "Upgrade request required"
    refused(await client.request(method, asking.path(pod="gone")), 404, "NotFound")
    reader = clients.api(asking.cluster)
    refused(await reader.request(method, asking.path()), 403, "Forbidden")


async def test_nothing_else_is_served_by_websocket(asking: Asking) -> None:
    assert (await asking.denied("/api/v1/pods?watch=1")).status_code == 400
    assert (await asking.denied("/prometheus/-/ready")).status_code in {200, 401}
    assert (await asking.denied("/api/v1/nope")).status_code == 403
