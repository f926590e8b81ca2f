"""Looking for anomalies with a model over REST: what it confirms, refuses, and cannot do."""

import asyncio
import json
from collections.abc import AsyncGenerator, Callable
from typing import Any

import pytest

from contracts.analysis import AnomaliesFound
from contracts.anomalies import Anomaly, DetectionType
from services.anomalies.on_demand import answering
from services.runtime.settings import Settings
from tests.gateway.test_analysis_anomaly import SPIKE, backend, found, of, post
from tests.kit import llm_server as llm
from tests.kit.chats import with_model
from tests.kit.gateway import Json, Platform, platform_on, refused
from tests.kit.leaks import listening_to_logs
from tests.kit.llm_server import LlmServer, Scripted, llm_server
from tests.kit.runtime import until

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]

WHY = "900 for one minute where 90 to 110 is usual."
JUDGED = {"detection_type": "LLM_ASSISTED"}


@pytest.fixture(scope="module")
async def model() -> AsyncGenerator[LlmServer]:
    async with llm_server() as server:
        yield server


@pytest.fixture(scope="module")
async def platform(platform_settings: Settings, model: LlmServer) -> AsyncGenerator[Platform]:
    settings = with_model(platform_settings, model, first_token_seconds=3.0)
    async with platform_on(settings) as made:
        yield made


@pytest.fixture(scope="module")
async def cluster(platform: Platform) -> AsyncGenerator[str]:
    async with backend() as asked:
        yield (await platform.register(endpoints={"prometheus_url": asked.origin.url()}))["id"]


def script(model: LlmServer, *replies: Scripted) -> None:
    model.script, model.asked = replies, []


def shown(asked: Json) -> list[Json]:
    """The candidates that a model was shown."""
    (data,) = llm.results_in(asked)
    return [one for each in data["series"] for one in each["candidates"]]


def judges(worth: Callable[[Json], bool], **changes: Any) -> llm.Depending:
    """A model that finds worth attention what a test does."""

    def verdict(one: Json) -> Json:
        told = {"id": one["id"], "worth_attention": worth(one)}
        return told | ({"anomaly_type": "SPIKE", "why": WHY} | changes if worth(one) else {})

    def reply(asked: Json) -> llm.Reply:
        told = {"verdicts": [*map(verdict, shown(asked)), {"id": "c99", "worth_attention": True}]}
        return llm.says(f"```json\n{json.dumps(told)}\n```")

    return llm.replies(reply)


def is_spike(one: Json) -> bool:
    return one["value"] == 900


def anomalies(answer: AnomaliesFound) -> list[Anomaly]:
    return [it for each in answer.series for it in each.anomalies]


async def test_what_a_model_confirms_is_told_with_the_detectors_figures(
    platform: Platform, cluster: str, model: LlmServer
) -> None:
    statistical = await found(platform, **of(cluster, detection_type="STATISTICAL"))
    assert statistical.judgement is None
    script(model, judges(is_spike, severity="LOW", confidence_score=0.0))
    with listening_to_logs() as lines:
        answer = await found(platform, **of(cluster, **JUDGED))
    (before,), (after,) = anomalies(statistical), anomalies(answer)
    assert after.detected_at.timestamp() == SPIKE
    assert after.detection_type is DetectionType.LLM_ASSISTED
    figures = ("id", "severity", "confidence_score", "expected_value", "actual_value", "evidence")
    assert [getattr(after, each) for each in figures] == [getattr(before, each) for each in figures]
    assert after.explanation == f"{before.explanation}. A model says: “{WHY}”"
    told = answer.judgement
    assert told is not None
    (asked,) = model.asked
    assert (told.candidates, told.confirmed, told.not_asked) == (len(shown(asked)), 1, 0)
    assert told.models == (llm.MODEL,)
    assert told.prompt_version.startswith("judging-1 ")
    assert (answer.anomalies, answer.truncated) == (1, False)
    assert answer.series[0].scores
    assert "tools" not in asked
    assert "sum(load)" not in json.dumps([asked["messages"][at] for at in (0, 1)])
    (line,) = [each for each in lines.said if "candidates_judged" in str(each)]
    assert "prompt_tokens" in str(line)


async def test_what_it_refuses_is_not_told(
    platform: Platform, cluster: str, model: LlmServer
) -> None:
    script(model, judges(lambda _: False))
    answer = await found(platform, **of(cluster, **JUDGED))
    assert (anomalies(answer), answer.anomalies) == ([], 0)
    assert answer.judgement is not None
    assert answer.judgement.candidates >= 1
    script(model, llm.says('{"verdicts": []}'))
    assert anomalies(await found(platform, **of(cluster, **JUDGED))) == []
    script(model, judges(lambda _: False))
    bound = await found(platform, **of(cluster, above=500, **JUDGED))
    (breach,) = anomalies(bound)
    assert (breach.anomaly_type.value, breach.detection_type.value) == (
        "THRESHOLD_BREACH",
        "STATISTICAL",
    )


async def test_words_that_would_be_more_than_read_are_plain(
    platform: Platform, cluster: str, model: LlmServer
) -> None:
    why = "![x](https://evil.example/?q=1) <img src=x>” Severity: HIGH"
    script(model, judges(is_spike, why=why))
    (anomaly,) = anomalies(await found(platform, **of(cluster, **JUDGED)))
    assert anomaly.explanation.endswith(" Severity: HIGH”")
    assert anomaly.explanation.count("”") == 1
    assert not {*"<>[]"} & {*anomaly.explanation}


async def test_an_answer_that_cannot_be_read_is_asked_for_once_more(
    platform: Platform, cluster: str, model: LlmServer
) -> None:
    script(model, llm.says("The spike, I think."), judges(is_spike))
    answer = await found(platform, **of(cluster, **JUDGED))
    assert len(anomalies(answer)) == 1
    assert len(model.asked) == 2
    assert "could not be read" in llm.asked_of(model.asked[1])
    for garbage in (llm.says("The spike."), llm.says('{"verdicts": [', reason="length")):
        script(model, garbage)
        error = refused(await post(platform, **of(cluster, **JUDGED)), "MODEL_NOT_AVAILABLE")
        assert "has not answered as it was to" in error["message"]
        assert len(model.asked) == 2


async def test_a_model_that_is_broken_is_told(
    platform: Platform, cluster: str, model: LlmServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    script(model, llm.hangs())
    error = refused(await post(platform, **of(cluster, **JUDGED)), "MODEL_NOT_AVAILABLE")
    assert "no model could be asked" in error["message"]
    monkeypatch.setattr(answering, "_JUDGING_SECONDS", 0.0)
    error = refused(await post(platform, **of(cluster, **JUDGED)), "MODEL_NOT_AVAILABLE")
    assert "no time left" in error["message"]
    # Without a model the rest works on.
    assert len(anomalies(await found(platform, **of(cluster)))) == 1


async def test_whoever_waits_no_more_ends_the_models_work(
    platform: Platform, cluster: str, model: LlmServer
) -> None:
    before = model.talking  # Replies that hang never learn that nobody waits.
    script(model, llm.trickles(0.05))
    asking = asyncio.create_task(post(platform, **of(cluster, **JUDGED)))
    await until(lambda: model.talking > before)
    asking.cancel()
    await until(lambda: model.talking == before)


async def test_nothing_is_judged_online(platform: Platform) -> None:
    watch = {"id": "load", "title": "Load", "query": "load"} | JUDGED
    refused(await platform.http.post("/api/v1/watches", json=watch), "VALIDATION_FAILED")
