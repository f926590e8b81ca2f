"""Explaining in words over REST with a model, whose key is nowhere."""

import pytest

from gateway.rest.explain import ExplanationView
from services.runtime.settings import Settings
from services.runtime.settings_llm import LlmSettings
from tests.gateway.explaining import URL, told_on
from tests.kit import llm_server as llm
from tests.kit.gateway import Json, Platform, platform_on
from tests.kit.leaks import listening_to_logs, stored_in_database, stored_on_bus
from tests.kit.llm_server import llm_server
from tests.services.llm.asking import KEY, provider
from tests.services.llm.attacks import ATTACKS

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]

SAID = "It is broken since noon."


async def explained(platform: Platform, body: Json) -> ExplanationView:
    answer = await platform.http.post(URL, json=body)
    assert answer.status_code == 200, answer.text
    return ExplanationView.model_validate(answer.json())


async def test_a_model_explains_and_its_key_is_nowhere(platform_settings: Settings) -> None:
    echo = llm.fails("401 Unauthorized", {"message": f"Incorrect API key provided: {KEY}"})
    script = (llm.says(SAID), llm.says(SAID), echo)
    with listening_to_logs() as lines:
        async with llm_server(*script) as server:
            models = LlmSettings(providers=(provider(server, "vllm"),))
            settings = platform_settings.model_copy(update={"llm": models})
            async with platform_on(settings) as platform:
                story = await told_on(platform)
                about = {"incident_id": story.incident, "question": "Why?"}
                told = await explained(platform, about)
                data = await explained(platform, {"data": {"texts": [*ATTACKS]}})
                failed = await explained(platform, {"data": {"a": 1}})
                metrics = (await platform.http.get("/metrics")).text
                stored = [
                    *await stored_on_bus(platform.gate.runtime.bus),
                    *stored_in_database(settings.database.url.get_secret_value()),
                ]
    assert (told.text, told.model, told.provider) == (SAID, llm.MODEL, "vllm")
    assert (told.prompt_tokens, told.completion_tokens, told.cut) == (100, 20, False)
    assert told.latency_ms > 0
    assert told.is_hypothesis, "the node that the analysis names is not in it"
    shown = server.asked[0]["messages"][1]["content"]
    assert story.node in shown
    assert '"Why?"' in shown
    assert data.model
    assert len(server.asked[1]["messages"][1]["content"].splitlines()) == 6
    assert "No model was used: vllm: does not take our key (401)." in failed.text
    assert server.origin.header("authorization") == f"Bearer {KEY}"
    said = [*lines.said, *stored, ("metrics", metrics.encode()), ("answer", failed.text.encode())]
    assert [place for place, text in said if KEY.encode() in text] == []
