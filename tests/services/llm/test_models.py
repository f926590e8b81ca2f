"""Models are asked in their order: whatever one does wrong, the next is asked, within the time."""

import asyncio
import subprocess
import sys
from contextlib import AsyncExitStack

import pytest

from services.llm import models, providers
from services.llm.models import NoModel
from tests.kit import llm_server as llm
from tests.kit.llm_server import Reply, llm_server
from tests.kit.runtime import until
from tests.services.llm.asking import KEY, PATIENT, Watch, asking, models_on, provider

pytestmark = pytest.mark.anyio

GOOD = llm.says("worker-3 is down.")
BEGUN = llm.words("worker-3 is")
GARBAGE = llm.streams("{not json", llm.DONE)

# Each fault, and what is said of it.
FAULTS: dict[str, tuple[Reply, str]] = {
    "no head": (llm.hangs(headed=False), "gave no first word in time"),
    "nothing after the head": (llm.hangs(), "gave no first word in time"),
    "a role and no word": (llm.hangs(BEGUN[0]), "gave no first word in time"),
    "silence in the middle": (llm.hangs(*BEGUN), "fell silent in the middle of its answer"),
    "a slow trickle": (llm.trickles(0.1), "did not come to an end in time"),
    "no end": (llm.ENDLESS, "does not come to an end"),
    "a line without an end": (llm.ONE_LINE, "does not come to an end"),
    "garbage": (GARBAGE, "answers what cannot be understood"),
    "JSON that is no chunk": (llm.streams("[1, 2]"), "answers what cannot be understood"),
    "no UTF-8": (llm.sends(b"data: \xff\xfe\n\n"), "answers what cannot be understood"),
    "an error in the stream": (
        llm.streams({"error": {"message": f"key {KEY}"}}),
        "answers what cannot be understood",
    ),
    "a connection that is cut": (llm.cuts(*BEGUN), "cannot be reached, or broke off its answer"),
    "an end that is missing": (
        llm.streams(*BEGUN, llm.DONE),
        "cannot be reached, or broke off its answer",
    ),
    "no words": (llm.streams(*llm.ending(), llm.DONE), "has said nothing"),
    "a tool that nobody offered": (
        llm.streams(*llm.call(0, "drop", "{}"), *llm.ending("tool_calls"), llm.DONE),
        "has said nothing",
    ),
    "a prompt that is too long": (llm.OVERFLOW, "does not take this question (400)"),
    "too many requests": (
        llm.fails("429 Too Many Requests", None, "Retry-After: 7"),
        "is overloaded (429)",
    ),
    "an error": (llm.fails("500 Internal Server Error"), "answered 500"),
    "a wrong key": (
        llm.fails("401 Unauthorized", {"message": f"Incorrect API key provided: {KEY}"}),
        "does not take our key (401)",
    ),
    "a redirect": (
        llm.fails("307 Temporary Redirect", None, "Location: http://127.0.0.1:1/v1"),
        "answered 307",
    ),
    "a body that is packed": (
        llm.fails("200 OK", None, "Content-Encoding: gzip"),
        "",
    ),
}

LIMITS: dict[str, dict[str, float]] = {
    "no head": {"first_token_seconds": 2.5},
    "nothing after the head": {"first_token_seconds": 2.5},
    "a role and no word": {"first_token_seconds": 2.5},
    "silence in the middle": {"between_tokens_seconds": 0.5},
    "a slow trickle": {"call_seconds": 1.5},
}
"""Those that one waits for; others come at once, on however busy a machine."""


@pytest.mark.parametrize("fault", FAULTS)
async def test_after_any_fault_the_next_model_is_asked(fault: str) -> None:
    reply, _ = FAULTS[fault]
    async with llm_server(reply) as bad, llm_server(GOOD) as good:
        servers = provider(bad, "bad", **LIMITS.get(fault, {})), provider(good, "good")
        async with models_on(*servers) as made:
            told = await made.tell(asking(), PATIENT)
        assert (told.provider, told.answer.text) == ("good", "worker-3 is down.")
        assert (told.answer.prompt_tokens, told.answer.completion_tokens) == (100, 20)
        assert len(bad.asked) == 1


@pytest.mark.parametrize("fault", FAULTS)
async def test_with_none_left_it_is_told_why_within_the_time(fault: str) -> None:
    reply, reason = FAULTS[fault]
    limits = LIMITS.get(fault, {})
    async with llm_server(reply) as bad, models_on(provider(bad, "bad", **limits)) as made:
        async with asyncio.timeout(30):
            with pytest.raises(NoModel) as failure:
                await made.tell(asking(), PATIENT)
        assert failure.value.reason.startswith("bad: ")
        assert reason in failure.value.reason
        assert KEY not in failure.value.reason


async def test_a_server_that_is_not_there_is_told() -> None:
    async with models_on(provider("http://127.0.0.1:9/v1")) as made:
        with pytest.raises(NoModel, match="first: cannot be reached"):
            await made.tell(asking(), PATIENT)


@pytest.mark.parametrize(
    "changes",
    [{"api_key": "two words"}, {"ca_file": "/nowhere/ca.pem"}, {"ca_file": sys.executable}],
)
async def test_settings_that_make_no_sense_are_told(changes: dict[str, str]) -> None:
    async with llm_server(GOOD) as server, models_on(provider(server, **changes)) as made:
        with pytest.raises(NoModel, match="first: has settings that make no sense"):
            await made.tell(asking(), PATIENT)
        assert server.asked == []


async def test_thoughts_alone_are_no_answer() -> None:
    silent = llm.says("<think>hm</think>")
    async with llm_server(silent) as server, models_on(provider(server)) as made:
        with pytest.raises(NoModel, match="has said nothing"):
            await made.tell(asking(), PATIENT)


async def test_the_time_of_whoever_asks_counts_for_all_models_together() -> None:
    async with AsyncExitStack() as stack:
        slow = [await stack.enter_async_context(llm_server(llm.hangs())) for _ in range(3)]
        told = [provider(each, f"n{number}") for number, each in enumerate(slow)]
        made = await stack.enter_async_context(models_on(*told))
        async with asyncio.timeout(20):
            with pytest.raises(NoModel, match="n2: there was no time left for it"):
                await made.tell(asking(), 2.0)
        assert [len(each.asked) for each in slow] == [1, 0, 0]


async def test_what_is_sent_is_as_the_protocol_has_it_and_the_key_goes_in_its_header_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-somebody-else")
    monkeypatch.setenv("OPENAI_ORG_ID", "org-of-somebody-else")
    async with llm_server(GOOD) as server, models_on(provider(server)) as made:
        await made.tell(asking(), PATIENT)
        (body,) = server.asked
        head = server.origin.heads[0]
    assert (body["model"], body["stream"]) == (llm.MODEL, True)
    assert [each["role"] for each in body["messages"]] == ["system", "user"]
    assert "node down" in body["messages"][1]["content"]
    assert head.count(KEY) == 1
    assert f"authorization: bearer {KEY}" in head.lower()
    assert KEY not in str(body)
    assert "somebody-else" not in head


async def test_without_a_key_none_is_sent() -> None:
    async with (
        llm_server(GOOD) as server,
        models_on(provider(server, api_key="")) as made,
    ):
        await made.tell(asking(), PATIENT)
        assert server.origin.header("authorization") is None


async def test_one_that_keeps_failing_is_left_alone_for_a_while_and_then_tried_once() -> None:
    clock, broken = Watch(), llm.fails("500 Internal Server Error")
    async with (
        llm_server(broken, broken, broken, broken, GOOD) as server,
        models_on(provider(server), clock=clock) as made,
    ):

        async def failure() -> str:
            with pytest.raises(NoModel) as found:
                await made.tell(asking(), PATIENT)
            return found.value.reason

        for _ in range(3):
            assert "answered 500" in await failure()
        assert "is left alone" in await failure()
        assert len(server.asked) == 3
        clock.on += 31
        assert "answered 500" in await failure()
        assert "is left alone" in await failure()
        clock.on += 31
        assert (await made.tell(asking(), PATIENT)).answer.text
        assert len(server.asked) == 5


async def test_one_that_asks_for_a_pause_gets_it() -> None:
    clock, busy = Watch(), llm.fails("429 Too Many Requests", None, "Retry-After: 7")
    async with (
        llm_server(busy, GOOD) as server,
        models_on(provider(server), clock=clock) as made,
    ):
        for reason in ("overloaded", "left alone"):
            with pytest.raises(NoModel, match=reason):
                await made.tell(asking(), PATIENT)
        clock.on += 8
        assert (await made.tell(asking(), PATIENT)).answer.text


async def test_a_question_that_is_too_long_does_not_speak_against_its_model() -> None:
    async with llm_server(*[llm.OVERFLOW] * 5, GOOD) as server, models_on(provider(server)) as made:
        for _ in range(5):
            with pytest.raises(NoModel):
                await made.tell(asking(), PATIENT)
        assert (await made.tell(asking(), PATIENT)).answer.text


async def test_so_many_as_set_are_asked_at_once_and_beyond_a_queue_none_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(models, "_WAITING", 1)
    held = asyncio.Event()

    async def waits(writer: asyncio.StreamWriter) -> None:
        await held.wait()
        await GOOD(writer)

    async with llm_server(waits) as server, models_on(provider(server), at_once=2) as made:
        tasks = [asyncio.ensure_future(made.tell(asking(), PATIENT)) for _ in range(3)]
        await until(lambda: len(server.asked) == 2)
        with pytest.raises(NoModel, match="too many questions wait for a model"):
            await made.tell(asking(), PATIENT)
        assert len(server.asked) == 2
        held.set()
        assert len(await asyncio.gather(*tasks)) == 3
        assert (await made.tell(asking(), PATIENT)).answer.text


async def test_a_server_is_asked_more_at_once_than_hosts_usually_are() -> None:
    async with llm_server(llm.hangs()) as server, models_on(provider(server), at_once=40) as made:
        tasks = [asyncio.ensure_future(made.tell(asking(), PATIENT)) for _ in range(40)]
        await until(lambda: len(server.asked) == 40)
        for each in tasks:
            each.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def test_who_waits_too_long_for_a_turn_is_told() -> None:
    async with llm_server(llm.hangs()) as server, models_on(provider(server), at_once=2) as made:
        tasks = [asyncio.ensure_future(made.tell(asking(), PATIENT)) for _ in range(2)]
        await until(lambda: len(server.asked) == 2)
        with pytest.raises(NoModel, match="busy for too long"):
            await made.tell(asking(), 0.2)
        for each in tasks:
            each.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def test_the_first_word_is_heard_at_once_and_of_later_ones_several_together(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(providers, "GATHER", 2.0)
    heard: list[str] = []

    class Hearing(models.Deaf):
        def word(self, text: str) -> None:
            heard.append(text)

    slow = llm.speaks("It has been down since noon.", 0.01)
    async with llm_server(slow) as server, models_on(provider(server)) as made:
        told = await made.tell(asking(), PATIENT, Hearing())
    assert heard[0] == "It "
    assert "".join(heard) == told.text == "It has been down since noon."
    assert len(heard) < 6


async def test_a_connection_is_used_for_the_next_question() -> None:
    async with llm_server(GOOD) as server, models_on(provider(server)) as made:
        for _ in range(3):
            await made.tell(asking(), PATIENT)
        assert server.origin.connections == 1


async def test_one_alone_is_asked_by_its_name() -> None:
    async with llm_server(GOOD) as first, llm_server(GOOD) as second:
        async with models_on(provider(first, "a"), provider(second, "b")) as made:
            assert (await made.tell(asking(), PATIENT, only="b")).provider == "b"
            with pytest.raises(NoModel, match="c: is not configured"):
                await made.tell(asking(), PATIENT, only="c")
        assert (len(first.asked), len(second.asked)) == (0, 1)


async def test_with_none_configured_it_is_told() -> None:
    async with models_on() as made:
        with pytest.raises(NoModel, match="none is configured"):
            await made.tell(asking(), PATIENT)


def test_the_service_loads_no_sdk_before_there_is_a_model_to_ask() -> None:
    code = (
        "import sys, deploy.platform as it; list(it.load_services(it.SERVICES));"
        " sys.exit(any(each.split('.')[0] in {'openai', 'httpx2'} for each in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == 0
