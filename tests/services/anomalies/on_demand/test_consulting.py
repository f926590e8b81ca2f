"""Candidates are judged on the bus, in several questions at once, or not at all."""

import json
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import pytest

from contracts.analysis import DetectAnomalies
from contracts.clusters import HUB
from contracts.conversing import Completion, Converse
from contracts.envelope import Query
from contracts.refusals import Code
from services.anomalies.on_demand import answering, verdicts
from services.runtime.answering import Answering
from services.runtime.log import EventLog
from services.runtime.replies import Asked
from services.runtime.settings import Settings
from services.runtime.settings_llm import LlmSettings
from tests.kit.runtime import UNTRACED, running
from tests.services.anomalies.on_demand.test_answering import SPIKE, ask, matrix, question, refusal
from tests.services.anomalies.watched_hub import Hub, watching_hub

pytestmark = [pytest.mark.anyio, pytest.mark.nats]

Says = Callable[[Converse], str]
JUDGED = {"detection_type": "LLM_ASSISTED"}


@asynccontextmanager
async def hub_with(log: EventLog, settings: Settings, says: Says | None) -> AsyncGenerator[Hub]:
    """A hub with a model that says what a test wants; None: nobody speaks with one."""

    async def converse(asked_of: Converse, asked: Asked) -> Mapping[str, Any]:
        assert says is not None
        told = Completion(
            text=says(asked_of), provider="first", model="m1", prompt_version="converse-1",
            prompt_tokens=10, completion_tokens=5, latency_ms=1, first_token_ms=1,
            shown_sha256="0" * 64,
        )  # fmt: skip
        await asked.send(b'\n{"text":"half"}\n{"done":' + told.model_dump_json().encode() + b"}\n")
        return {}

    llm = LlmSettings(base_url="http://model.example/v1", model="m1")
    configured = settings.model_copy(update={"llm": llm})
    routes: dict[type[Query], Any] = {DetectAnomalies: answering.detect_anomalies}
    routes |= {} if says is None else {Converse: converse}
    async with watching_hub(log, settings) as hub:
        outside = hub.collector.outside
        worker = Answering(HUB, "all", routes, log.bus, log, configured, UNTRACED, outside)
        async with running(worker.run):
            await log.bus.client.flush()
            yield hub


def every(asked: Converse) -> str:
    """Whatever it is shown is worth attention."""
    data = json.loads(asked.said[2].text)
    shown = [one["id"] for each in data["series"] for one in each["candidates"]]
    yes = {"worth_attention": True, "anomaly_type": "PATTERN_BREAK", "why": "It is odd."}
    return json.dumps({"verdicts": [{"id": each} | yes for each in shown]})


async def test_many_are_asked_about_at_once_and_the_rest_is_told(
    log: EventLog, bus_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verdicts, "MOST_CANDIDATES", 2)
    monkeypatch.setattr(verdicts, "MOST_BATCHES", 2)
    asked: list[Converse] = []

    def says(question: Converse) -> str:
        asked.append(question)
        return every(question)

    async with hub_with(log, bus_settings, says) as hub:
        hub.fake.body = matrix(*[SPIKE] * 7)
        found = await ask(hub, question(hub, **JUDGED))
    judgement = found.judgement
    assert judgement is not None
    assert len(asked) == 2
    assert (judgement.candidates, judgement.confirmed, found.anomalies) == (4, 4, 4)
    assert judgement.not_asked >= 3
    assert found.truncated
    assert (judgement.models, judgement.prompt_version) == (("m1",), "judging-1 converse-1")


async def test_without_candidates_no_model_is_asked(log: EventLog, bus_settings: Settings) -> None:
    async with hub_with(log, bus_settings, None) as hub:
        hub.fake.body = matrix(None, rows=20)
        found = await ask(hub, question(hub, **JUDGED))
    assert found.judgement is not None
    assert (found.judgement.candidates, found.judgement.models) == (0, ())


async def test_nobody_who_speaks_with_models_is_told(log: EventLog, bus_settings: Settings) -> None:
    async with hub_with(log, bus_settings, None) as hub:
        hub.fake.body = matrix(SPIKE)
        refused = await refusal(hub, question(hub, **JUDGED))
    assert refused.code is Code.MODEL_NOT_AVAILABLE
    assert "no worker that speaks with models" in refused.message


async def test_one_answer_that_cannot_be_read_refuses_all(
    log: EventLog, bus_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verdicts, "MOST_CANDIDATES", 1)
    first: list[str] = []

    def says(question: Converse) -> str:
        first.append(question.said[2].text)
        return every(question) if question.said[2].text != first[0] else "It is odd."

    async with hub_with(log, bus_settings, says) as hub:
        hub.fake.body = matrix(SPIKE, SPIKE)
        refused = await refusal(hub, question(hub, **JUDGED))
    assert refused.code is Code.MODEL_NOT_AVAILABLE
    assert "the model m1 has not answered as it was to" in refused.message
