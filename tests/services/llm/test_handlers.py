"""Whoever asks on the bus is told in words: by a model, or without one, and which it was."""

import json
from typing import Any

import pytest
from pydantic import ValidationError

from contracts.clusters import HUB
from contracts.explaining import MOST_FACTS, Explain, ExplainedKind, Explanation
from contracts.refusals import Code, Refused
from services.runtime.asking import Asker, Place
from services.runtime.log import EventLog
from services.runtime.settings import Settings
from tests.kit import llm_server as llm
from tests.kit.leaks import listening_to_logs
from tests.kit.llm_server import llm_server
from tests.kit.runtime import until
from tests.services.llm.asking import KEY, provider, worker
from tests.services.llm.facts import analysis, cause, incident

pytestmark = [pytest.mark.anyio, pytest.mark.nats]

SAID = "The cause is **worker-3**, which is down since 12:00 [event 4]."

DEEP = '{"a":' * 900 + "1" + "}" * 900
"""JSON that can be read, and is too deep to be looked through."""


def question(facts: object = None, **changes: Any) -> Explain:
    told = incident(analysis=analysis(cause())) if facts is None else facts
    values = {"about": ExplainedKind.INCIDENT, "facts": json.dumps(told)} | changes
    return Explain.model_validate(values)


async def explained(asker: Asker, query: Explain, seconds: float = 30) -> Explanation:
    async with asker.ask(Place(HUB, "-"), query, seconds=seconds) as answer:
        body = b"".join([part async for part in answer])
    return Explanation.model_validate_json(body)


async def test_a_model_explains(log: EventLog, bus_settings: Settings) -> None:
    async with llm_server(llm.says(SAID)) as server:
        async with worker(log, bus_settings, provider(server)) as asker:
            told = await explained(asker, question(question="Was war los?"))
            again = await explained(asker, question(question="Was war los?"))
        shown = server.asked[0]["messages"][1]["content"]
    assert (told.text, told.model, told.provider) == (SAID, llm.MODEL, "first")
    assert (told.prompt_tokens, told.completion_tokens) == (100, 20)
    assert (told.is_hypothesis, told.cut, told.prompt_version) == (False, False, "explain-2")
    assert told.shown_sha256 == again.shown_sha256
    assert "edge-berlin-1" in shown
    assert "Was war los?" in shown
    assert server.asked[0]["messages"] != server.asked[1]["messages"], "the fence is a new one"


async def test_what_a_model_guesses_is_a_hypothesis(log: EventLog, bus_settings: Settings) -> None:
    async with (
        llm_server(llm.says("The DNS is broken.")) as server,
        worker(log, bus_settings, provider(server)) as asker,
    ):
        assert (await explained(asker, question())).is_hypothesis
        assert (await explained(asker, question(incident()))).is_hypothesis


async def test_facts_that_are_too_many_are_cut_and_it_is_told(
    log: EventLog, bus_settings: Settings
) -> None:
    facts = incident(signals=[{"name": "x" * 200} for _ in range(300)])
    async with (
        llm_server(llm.says(SAID)) as server,
        worker(log, bus_settings, provider(server)) as asker,
    ):
        assert (await explained(asker, question(facts))).cut
        assert (await explained(asker, question(cut=True))).cut
        assert not (await explained(asker, question())).cut
        told = [each["messages"][0]["content"] for each in server.asked]
    assert ["you were not shown all" in each for each in told] == [True, True, False]


async def test_what_looks_like_a_secret_is_not_shown_to_a_model(
    log: EventLog, bus_settings: Settings
) -> None:
    data = {"password": "hunter2", "url": "https://u:hunter2@db/x", "cpu": 0.5}
    data["text"] = "it says password: hunter2"
    asked = "Why is the token is hunter2 refused?"
    async with (
        llm_server(llm.says(SAID)) as server,
        worker(log, bus_settings, provider(server)) as asker,
    ):
        await explained(asker, question({"data": data}, about=ExplainedKind.DATA, question=asked))
    shown = str(server.asked)
    assert "hunter2" not in shown
    assert '"cpu": 0.5' in shown


async def test_an_answer_that_was_cut_off_says_so_and_holds_no_image(
    log: EventLog, bus_settings: Settings
) -> None:
    said = llm.says("It is ![x](https://evil.example/?q=all) down and", reason="length")
    async with (
        llm_server(said) as server,
        worker(log, bus_settings, provider(server)) as asker,
    ):
        text = (await explained(asker, question())).text
    assert text == "It is x down and\n\n*The answer was too long, and ends here.*"


async def test_without_a_model_a_template_explains(log: EventLog, bus_settings: Settings) -> None:
    async with worker(log, bus_settings) as asker:
        told = await explained(asker, question())
        same = await explained(asker, question())
        unknown = analysis(cause(), is_known=False)
        guessed = await explained(asker, question(incident(analysis=unknown)))
    assert (told.model, told.provider, told.shown_sha256) == (None, None, None)
    assert (told.prompt_version, told.is_hypothesis) == ("template-1", False)
    assert "No model was used: none is configured." in told.text
    assert same.text == told.text
    assert guessed.is_hypothesis


async def test_when_all_models_fail_a_template_explains_within_the_time(
    log: EventLog, bus_settings: Settings
) -> None:
    async with (
        llm_server(llm.hangs()) as slow,
        llm_server(llm.fails("500 Internal Server Error")) as broken,
        worker(log, bus_settings, provider(broken, "a"), provider(slow, "b")) as asker,
    ):
        told = await explained(asker, question(), seconds=6)
    assert told.model is None
    assert "No model was used: a: answered 500; b: did not come to an end in time" in told.text


async def test_nobody_pays_for_words_that_nobody_waits_for(
    log: EventLog, bus_settings: Settings
) -> None:
    async with (
        llm_server(llm.trickles(0.05)) as server,
        worker(log, bus_settings, provider(server, call_seconds=60)) as asker,
    ):
        async with asker.ask(Place(HUB, "-"), question(), seconds=60):
            await until(lambda: server.asked)
        await until(lambda: not server.talking)


@pytest.mark.parametrize(
    "facts", ["[1]", "{", "1e999", '{"a":' * 9_000, DEEP, '"text"', "\x00\x01"]
)
async def test_facts_that_are_none_are_refused(
    log: EventLog, bus_settings: Settings, facts: str
) -> None:
    async with worker(log, bus_settings) as asker:
        with pytest.raises(Refused) as refused:
            await explained(asker, question(facts=facts))
    assert refused.value.code is Code.VALIDATION_FAILED


def test_a_question_has_its_bounds() -> None:
    for bad in ({"facts": f'"{"ä" * (MOST_FACTS // 2)}"'}, {"question": "x" * 2_001}):
        with pytest.raises(ValidationError):
            question(**bad)


async def test_the_key_is_in_no_answer_and_in_no_line_of_a_log(
    log: EventLog, bus_settings: Settings
) -> None:
    echo = llm.fails("401 Unauthorized", {"message": f"Incorrect API key provided: {KEY}"})
    async with llm_server(echo, llm.cuts(), llm.says(SAID)) as server:
        told = provider(server)
        with listening_to_logs() as lines:
            async with worker(log, bus_settings, told) as asker:
                answers = [await explained(asker, question()) for _ in range(3)]
        assert answers[-1].model
        assert server.origin.header("authorization") == f"Bearer {KEY}"
    heard = "\n".join(said.decode() for _, said in lines.said)
    assert "model_failed" in heard
    assert "explained" in heard
    for place in (heard, repr(told), str(answers), told.model_dump_json()):
        assert KEY not in place
