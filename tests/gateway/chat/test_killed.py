"""Workers that die in the middle of an answer: another one goes on, and nothing is done twice."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace

import httpx
import pytest

from contracts.chat import ChatMessage, ChatRole, chat_key
from deploy.platform import load_services
from services.chat.running import run_turn
from services.runtime import process
from services.runtime.answers import Ack, Outgoing
from services.runtime.log import EventLog
from services.runtime.settings import Settings
from services.runtime.store import Store
from tests.kit import builders
from tests.kit.chats import API, Chats, Json, text_of, with_model
from tests.kit.gateway import Platform, on_the_wire, platform_on
from tests.kit.llm_server import LlmServer, calls, llm_server, replies, says, speaks
from tests.kit.part_process import PartProcess
from tests.kit.runtime import eventually, running

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]

_ONE_OF_EACH = {
    "CHAT_SESSION_CREATED": 1,
    "CHAT_MESSAGE": 2,
    "MODEL_CALLED": 2,
    "TOOL_CALLED": 2,
    "TOOL_ANSWERED": 2,
}


@pytest.fixture(scope="module")
async def model() -> AsyncGenerator[LlmServer]:
    async with llm_server() as server:
        yield server


@pytest.fixture(scope="module")
async def lone(platform_settings: Settings, model: LlmServer) -> AsyncGenerator[Platform]:
    """A platform that has a gateway and a projector."""
    async with platform_on(with_model(platform_settings, model)) as platform:
        await platform.workers.stop()
        yield platform


@pytest.fixture(scope="module")
async def wire(lone: Platform) -> AsyncGenerator[httpx.AsyncClient]:
    async with on_the_wire(lone) as url:
        transport = httpx.AsyncHTTPTransport()
        async with lone.client(lone.admin, transport=transport, base_url=url) as client:
            yield client


def _workers(platform: Platform, model: LlmServer, name: str) -> PartProcess:
    told = {
        "AIOPS_LLM__BASE_URL": model.url,
        "AIOPS_LLM__MODEL": "qwen3-8b",
        "AIOPS_CLUSTERS__ALLOWED_NETWORKS": '["127.0.0.0/8"]',
        "AIOPS_WORKERS__ACK_WAIT": "2",
        "AIOPS_NATS__REQUEST_SECONDS": "8",
    }
    return PartProcess(platform.settings, name, told, part="workers")


async def test_an_answer_goes_on_on_another_worker_after_sigkill(
    lone: Platform, model: LlmServer, wire: httpx.AsyncClient
) -> None:
    chats = Chats(wire, model)
    slow = speaks("This is lost, as nobody is there to end it.", 5.0)
    tools = calls([("list_alerts", {}), ("get_fleet_summary", {})])
    chats.script(tools, slow, says("All of it is here."))
    first = _workers(lone, model, "first")
    second: PartProcess | None = None
    try:
        session = await chats.begin()
        asking = asyncio.create_task(chats.frames(session, "How are we?"))
        await eventually(lambda: _has(lone, session, "TOOL_ANSWERED", 2), within=60)
        await eventually(lambda: _is_speaking(model))
        first.kill()
        second = _workers(lone, model, "second")
        frames = await asyncio.wait_for(asking, 100)
    finally:
        first.stop()
        if second is not None:
            second.stop()

    assert frames[-1][0] == "message_complete"
    assert frames[-1][1]["message"]["content"] == "All of it is here."
    assert text_of(frames) == "All of it is here."
    assert await _counted(lone, session) == _ONE_OF_EACH


async def _is_speaking(model: LlmServer) -> bool:
    return len(model.asked) == 2


async def _counted(platform: Platform, session: Json) -> Counter[str]:
    events = await platform.gate.log.load(chat_key(session["id"]))
    return Counter(each.event.names.public for each in events)


async def _has(platform: Platform, session: Json, name: str, count: int) -> bool:
    return (await _counted(platform, session))[name] >= count


class _Died(BaseException):
    """As SIGKILL: nothing of ours catches it."""


@dataclass
class _Mortal(EventLog):
    """A log whose user dies at one of its appends: before it, or right after it."""

    dies_at: int = 0
    after: bool = False
    appends: int = field(default=0, init=False)

    async def _publish(self, messages: Sequence[Outgoing]) -> Ack:
        self.appends += 1
        if self.appends == self.dies_at and not self.after:
            raise _Died
        ack = await super()._publish(messages)
        if self.appends == self.dies_at:
            raise _Died
        return ack


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("dies_at", range(1, 7))
async def test_wherever_it_dies_nothing_is_done_twice(
    lone: Platform, model: LlmServer, wire: httpx.AsyncClient, dies_at: int, after: bool
) -> None:
    chats = Chats(wire, model)
    wanted = calls([("list_alerts", {}), ("get_fleet_summary", {})])

    def next_one(asked: Json) -> object:
        return says("Done.") if asked["messages"][-1]["role"] == "tool" else wanted

    chats.script(replies(next_one))  # type: ignore[arg-type]
    async with _without_turns(lone):
        session = await _asked(lone, chats)
        for mortal in (True, False):
            log = _Mortal(
                lone.gate.log.bus,
                lone.gate.log.facts_age,
                dies_at=dies_at if mortal else 0,
                after=after,
            )
            try:
                await _run(lone, log, session)
            except* _Died:
                assert mortal
    assert await _counted(lone, session) == _ONE_OF_EACH
    _, answer = await chats.messages(session)
    assert answer["content"] == "Done."


@asynccontextmanager
async def _without_turns(platform: Platform) -> AsyncGenerator[None]:
    """Workers that take commands of chats and speak with models, and answer nothing."""
    runtime = await process.start("workers", platform.settings)
    llm, chat = load_services(["llm", "chat"])
    loops = process.service_loops(runtime, [llm, replace(chat, reactions=[], due=[])])
    try:
        async with AsyncExitStack() as stack:
            for loop in loops:
                await stack.enter_async_context(running(loop))
            yield
    finally:
        await runtime.close()


async def _asked(platform: Platform, chats: Chats) -> Json:
    """A session with a question that nobody answers."""
    session = await chats.begin()
    url = f"{API}/sessions/{session['id']}/messages"
    asking = asyncio.create_task(chats.http.post(url, json={"content": "How are we?"}))
    await eventually(lambda: _has(platform, session, "CHAT_MESSAGE", 1))
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)
    return session


async def _run(platform: Platform, log: EventLog, session: Json) -> None:
    events = await log.load(chat_key(session["id"]))
    asked = next(
        each
        for each in events
        if isinstance(each.event, ChatMessage) and each.event.role is ChatRole.USER
    )
    runtime = platform.gate.runtime
    context = builders.context(command_id=asked.event_id)
    store = Store(log, context, asked.logged_at, platform.settings, runtime.outside)
    await run_turn(asked, store)
