"""The five personas over a whole hub: ten recorded questions each, answered without a model.

Right is a figure that REST tells just before or just after a turn, or that lies between. Where all
moves from second to second, REST is asked again for the moment that the call's answer shows
(`tests.services.chat.live`); of traces and lines those are looked at that the call has stored.
"""

import json
import ssl
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from contracts.personas import BUILT_IN
from deploy.simulator.incidents import Incident
from tests.kit.chats import Chats
from tests.kit.hub import Hub, running_hub, until
from tests.kit.llm_server import MODEL, Reply, calls, llm_server, replies, says
from tests.services.chat.asked_live import Asker
from tests.services.chat.live import Rest, read
from tests.services.chat.questions.every import QUESTIONS

pytestmark = [pytest.mark.flow, pytest.mark.timeout(420)]

Json = dict[str, Any]
_QUICK = {"AIOPS_COLLECTOR__CNF_SECONDS": "15", "AIOPS_COLLECTOR__ALERTS_SECONDS": "30"}
_LASTING = 3_600
_STAGED = {
    Incident.PTP_DRIFT: "edge-3",
    Incident.POD_CRASH: "edge-3",
    Incident.VF_SHORTAGE: "edge-2",
    Incident.DPDK_DROPS: "edge-1",
    Incident.GPU_HOT: "spoke-1",
    Incident.GPU_MEMORY: "spoke-4",
}
"""What goes wrong and where, all the time, whatever the clock says."""
_DEGRADED = "spoke-5"
_ALERTS = {"GpuMemoryError", "PtpClockNotLocked", "KubePodCrashLooping", "DpdkPacketsDropped"}
"""That those lead to; when there are incidents of them, all has been looked at."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of a hub that is started twice."""
    return tmp_path_factory.mktemp("recorded") / "data"


def test_ten_questions_of_each_persona_are_answered_rightly(folder: Path) -> None:
    with running_hub(folder, "--demo", **_QUICK) as hub, _rest(hub) as rest:
        _stage(hub)
        until(lambda: _is_full(rest), within=240, every=1)
        asker = Asker(rest, read(rest))
        wrong = {f"{each.persona}: {each.text}": asker.troubles(each) for each in QUESTIONS}
    found = {text: told for text, told in wrong.items() if told}
    assert not found, json.dumps(found, indent=1, default=str, ensure_ascii=False)
    assert len(wrong) == 10 * len(BUILT_IN)


@contextmanager
def _rest(hub: Hub) -> Generator[Rest]:
    with hub.client() as http:
        http.timeout = 60
        yield Rest(http)


def _stage(hub: Hub) -> None:
    """Nothing happens by the clock: what is told just before and after a turn is of one kind."""
    shown = json.loads((hub.directory / "demo" / "ready.json").read_text())
    trust = ssl.create_default_context(cafile=shown["ca"])
    with httpx.Client(base_url=f"{shown['url']}/_control", verify=trust) as control:
        for cluster in (each["name"] for each in shown["clusters"]):
            for each in Incident:
                lasting = _LASTING if _STAGED.get(each) == cluster else 0
                order = {"cluster": cluster, "incident": each, "seconds": lasting}
                assert control.post("/incidents", json=order).status_code == 200
        fault = {"cluster": _DEGRADED, "fault": {"kind": "status"}}
        assert control.post("/faults", json=fault).status_code == 200


def _is_full(rest: Rest) -> bool:
    summary = rest.get("/fleet/summary")
    if summary["by_state"] != {"ONLINE": 11, "DEGRADED": 1}:
        return False
    names = {each["alertname"] for each in rest.every("/alerts")}
    titles = " ".join(each["title"] for each in rest.every("/incidents"))
    workloads = rest.get("/cnf/workloads")["by_state"]
    return (
        names >= _ALERTS
        and "GpuMemoryError" in titles
        and "KubeNodeNotReady" in titles
        and workloads["CRASHING"] > 0
        and all(rest.get(f"/{each}")["total"] > 0 for each in _SAMPLED)
    )


_SAMPLED = ("gpu/nodes", "gpu/processes", "cnf/ptp/status", "cnf/dpdk/stats", "cnf/sriov/status")

_ASKED = {
    "default": ("list_clusters", "get_gpu_summary"),
    "platform-ops": ("list_incidents", "get_gpu_nodes"),
    "gpu-expert": ("get_gpu_nodes", "query_logs"),
    "network-cnf": ("get_ptp_status", "list_alerts"),
    "telco-5g": ("get_cnf_workloads", "list_clusters"),
}
"""By persona: a tool that it has, and one that it has not."""


async def test_a_model_gets_no_tool_that_its_persona_has_not(folder: Path) -> None:
    async with llm_server() as model:
        llm = {"AIOPS_LLM__BASE_URL": model.url, "AIOPS_LLM__MODEL": MODEL}
        with running_hub(folder, "--demo", **_QUICK, **llm) as hub:
            async with httpx.AsyncClient(
                base_url=hub.gateway, headers={"Authorization": f"Bearer {hub.token}"}, timeout=60
            ) as http:
                chats = Chats(http, model)
                for persona in BUILT_IN:
                    await _held(chats, persona)


async def _held(chats: Chats, persona: str) -> None:
    mine, other = _ASKED[persona]

    def choose(asked: Json) -> Reply:
        told = [each["content"] for each in asked["messages"] if each["role"] == "tool"]
        if not told:
            return calls([(mine, {}), (other, {})])
        return says(f"By {mine} there are {_total(told[0])} in all.")

    chats.script(replies(choose))
    session = await chats.begin(persona_id=persona)
    answer = await chats.ask(session, f"How many does {mine} tell of?")

    assert chats.model is not None
    for asked in chats.model.asked:
        shown = {each["function"]["name"] for each in asked.get("tools", ())}
        assert shown <= set(BUILT_IN[persona].capabilities)
    first, second = answer["steps"][0]["calls"]
    assert (first["tool"], first["status"]) == (mine, "SUCCESS")
    assert (second["tool"], second["status"], second["code"]) == (
        other,
        "ERROR",
        "VALIDATION_FAILED",
    )
    assert answer["provider"] == "default"
    total = first["result"]["data"]["total"]
    assert answer["content"] == f"By {mine} there are {total} in all."
    (claim,) = answer["claims"]
    assert not claim["is_unsupported"]
    assert {each["call_id"] for each in claim["evidence"]} == {first["id"]}


def _total(told: str) -> int:
    return json.loads(told.splitlines()[1])["data"]["total"]
