import asyncio
import json
from asyncio import StreamReader, StreamWriter
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from contracts.refusals import TryLater
from deploy.simulator.faults import FaultKind
from deploy.simulator.oauth import API_AUDIENCE
from deploy.simulator.rights import DELEGATING
from gateway.auth.identity import Identity
from tests.gateway.access.openshift.openshifts import (
    ADA,
    BOB,
    HUB,
    TOKEN_REVIEW,
    OpenShift,
    authenticated,
    pretending,
    reviewed,
    saying,
    told,
)
from tests.kit.runtime import until
from tests.runtime.outbound.origins import Talk, answer

pytestmark = pytest.mark.anyio
LEAK = "what-nobody-may-see"
AUDIENCE = "https://hub.test"
SCOPES = "scopes.authorization.openshift.io"
GOOD, OTHER = "sha256~good", "sha256~other"
PERSON = Identity("bob", frozenset({"viewers"}))


def reviews(openshift: OpenShift) -> int:
    """How often the server was asked whose a token is."""
    return openshift.oauth.asked["TokenReview"]


async def silent(_: StreamReader, writer: StreamWriter) -> None:
    del writer
    await asyncio.Event().wait()


async def test_a_users_token_is_theirs(openshift: OpenShift) -> None:
    provider = openshift.provider()
    assert await provider.bearer(openshift.token("ada")) == ADA
    assert await provider.bearer(openshift.token("bob", "user:info", "user:full")) == BOB


async def test_a_service_accounts_token_is_its_own(openshift: OpenShift) -> None:
    reader = openshift.cluster.account("reader")
    found = await openshift.provider().bearer(reader.token)
    assert found == Identity(reader.name, frozenset(reader.groups))


@pytest.mark.parametrize("scope", ["user:info", "user:check-access", "role:admin:aiops"])
async def test_a_token_that_was_given_for_less_than_everything_is_nobody_here(
    openshift: OpenShift, scope: str
) -> None:
    assert await openshift.provider().bearer(openshift.token("ada", scope)) is None


@pytest.mark.parametrize("extra", [{SCOPES: []}, {SCOPES: "user:full"}, []], ids=repr)
async def test_scopes_that_cannot_be_read_give_nothing(tmp_path: Path, extra: Any) -> None:
    async with pretending(tmp_path) as server:
        server.talks[TOKEN_REVIEW] = reviewed(authenticated(extra=extra))
        assert await server.provider().bearer(GOOD) is None


@pytest.mark.parametrize(
    "token",
    ["", "x", "sha256~", "sha256~ü", "sha256~a b", "sha256~a\r\nX: y", "a.b", f"a.{'b' * 9000}.c"],
    ids=lambda token: repr(token[:20]),
)
async def test_what_looks_like_another_token_is_not_sent_there(
    openshift: OpenShift, token: str
) -> None:
    assert await openshift.provider().bearer(token) is None
    assert reviews(openshift) == 0


async def test_a_token_that_is_unknown_is_nobodys_for_10_seconds(openshift: OpenShift) -> None:
    provider = openshift.provider()
    for seconds, asked in ((0, 1), (9.9, 1), (0.2, 2)):
        openshift.clock.on(seconds)
        assert await provider.bearer("sha256~unknown") is None
        assert reviews(openshift) == asked


async def test_a_token_that_has_ended_is_nobodys(openshift: OpenShift) -> None:
    openshift.oauth.lifetime = timedelta(0)
    assert await openshift.provider().bearer(openshift.token()) is None


async def test_a_token_that_is_revoked_counts_for_a_minute_at_most(openshift: OpenShift) -> None:
    provider, token = openshift.provider(), openshift.token()
    assert await provider.bearer(token) == ADA
    openshift.oauth.revoke(token)
    openshift.clock.on(59.9)
    assert await provider.bearer(token) == ADA
    openshift.clock.on(0.2)
    assert await provider.bearer(token) is None


async def test_a_user_who_is_gone_is_gone_after_a_minute(openshift: OpenShift) -> None:
    provider, token = openshift.provider(), openshift.token("bob")
    assert await provider.bearer(token) == BOB
    del openshift.oauth.users["bob"]
    openshift.clock.on(60)
    assert await provider.bearer(token) is None


async def test_a_token_is_asked_for_once_a_minute_however_many_come(openshift: OpenShift) -> None:
    provider, tokens = openshift.provider(), [openshift.token(), openshift.token("bob")]
    for minute in range(3):
        for _ in range(3):
            found = await asyncio.gather(*(provider.bearer(tokens[n % 2]) for n in range(100)))
            assert found == [ADA, BOB] * 50
            openshift.clock.on(19.9)
        assert reviews(openshift) == 2 * (minute + 1)
        openshift.clock.on(0.4)


async def test_a_wrong_token_is_asked_for_once_however_many_come(openshift: OpenShift) -> None:
    provider = openshift.provider()
    found = await asyncio.gather(*(provider.bearer("sha256~unknown") for _ in range(100)))
    assert found == [None] * 100
    assert reviews(openshift) == 1


async def test_a_token_must_be_for_one_of_the_audiences(openshift: OpenShift) -> None:
    provider = openshift.provider(audiences=[AUDIENCE, "https://other.test"])
    assert await provider.bearer(openshift.token(audiences=(AUDIENCE,))) == ADA
    assert await provider.bearer(openshift.token(audiences=(API_AUDIENCE,))) is None
    assert await openshift.provider().bearer(openshift.token(audiences=(AUDIENCE,))) is None


@pytest.mark.parametrize("audiences", [None, [], ["https://elsewhere.test"]], ids=repr)
async def test_a_server_that_has_not_looked_at_audiences_is_not_believed(
    tmp_path: Path, audiences: list[str] | None
) -> None:
    async with pretending(tmp_path) as server:
        status = authenticated() | {"audiences": audiences}
        server.talks[TOKEN_REVIEW] = reviewed(status)
        assert await server.provider(audiences=[AUDIENCE]).bearer(GOOD) is None
        assert server.bodies[0]["spec"] == {"token": GOOD, "audiences": [AUDIENCE]}


@pytest.mark.parametrize(
    "user",
    [{"username": ""}, {"username": None}, {"username": "bob\nlevel=error"}, {"username": ["bob"]}],
    ids=repr,
)
async def test_somebody_without_a_sound_name_is_nobody(
    tmp_path: Path, user: dict[str, Any]
) -> None:
    async with pretending(tmp_path) as server:
        server.talks[TOKEN_REVIEW] = reviewed(authenticated(**user))
        assert await server.provider().bearer(GOOD) is None


@pytest.mark.parametrize("status", [{}, {"authenticated": False, "error": LEAK}], ids=repr)
async def test_who_is_not_authenticated_is_nobody_whatever_else_is_said(
    tmp_path: Path, status: dict[str, Any]
) -> None:
    async with pretending(tmp_path) as server:
        server.talks[TOKEN_REVIEW] = reviewed(status | {"user": authenticated()["user"]})
        with capture_logs() as lines:
            assert await server.provider().bearer(GOOD) is None
        assert lines == []


BAD: dict[str, Talk] = {
    "silent": silent,
    "500": saying({"kind": "Status", "message": LEAK}, "500 Oh"),
    "401": saying({"kind": "Status", "message": LEAK}, "401 No"),
    "404": saying(LEAK.encode(), "404 No"),
    "422": saying({"kind": "Status", "message": LEAK}, "422 No"),
    "a page": saying(f"<html>{LEAK}".encode()),
    "an empty object": saying({}),
    "a list": saying(b"[]"),
    "deep": saying(b"[" * 100_000),
    "no text": saying(b"\xff\xfe"),
    "another kind": reviewed(authenticated(), "SubjectAccessReview"),
    "without status": saying({"kind": "TokenReview"}),
    "a wrong status": reviewed({"authenticated": LEAK}),
    "too large": saying(b" " * 300_000),
}


@pytest.mark.parametrize("bad", BAD)
async def test_an_answer_that_cannot_be_understood_is_asked_for_later(
    tmp_path: Path, bad: str
) -> None:
    async with pretending(tmp_path) as server:
        # One that is well has time, and one that is silent is not waited for long.
        provider = server.provider(seconds=2.0 if bad == "silent" else 5.0)
        server.talks[TOKEN_REVIEW] = BAD[bad]
        with capture_logs() as lines, pytest.raises(TryLater) as caught:
            await provider.bearer(GOOD)
        told(caught.value, LEAK)
        assert [line["event"] for line in lines] == ["openshift_failed"]
        assert LEAK not in json.dumps(lines)
        server.talks[TOKEN_REVIEW] = reviewed(authenticated())
        server.clock.on(3)
        assert await provider.bearer(GOOD) == PERSON


async def test_nobody_waits_in_line_for_a_server_that_is_silent(tmp_path: Path) -> None:
    async with pretending(tmp_path) as server:
        server.talks[TOKEN_REVIEW] = silent
        provider = server.provider(seconds=0.5)
        found = await asyncio.gather(
            *(provider.bearer(GOOD) for _ in range(200)), return_exceptions=True
        )
        assert {type(each) for each in found} == {TryLater}
        assert len({id(each) for each in found}) == 200
        with pytest.raises(TryLater):
            await provider.bearer(OTHER)
        assert server.times(TOKEN_REVIEW) == 1
        server.clock.on(3)
        with pytest.raises(TryLater):
            await provider.bearer(OTHER)
        assert server.times(TOKEN_REVIEW) == 2


async def test_so_many_unknown_tokens_are_asked_for_at_once_and_no_more(tmp_path: Path) -> None:
    async with pretending(tmp_path) as server:
        server.talks[TOKEN_REVIEW] = reviewed(authenticated())
        provider = server.provider()
        assert await provider.bearer(GOOD) == PERSON
        server.talks[TOKEN_REVIEW] = silent
        waiting = [asyncio.ensure_future(provider.bearer(f"sha256~{n}")) for n in range(100)]
        await until(lambda: server.times(TOKEN_REVIEW) > 1)
        with pytest.raises(TryLater, match="too many"):
            await provider.bearer(OTHER)
        assert await provider.bearer(GOOD) == PERSON
        for each in waiting:
            each.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)


async def test_who_gives_up_waiting_leaves_the_others_in_peace(tmp_path: Path) -> None:
    asked, answered = asyncio.Event(), asyncio.Event()

    async def waits(_: StreamReader, writer: StreamWriter) -> None:
        asked.set()
        await answered.wait()
        status = {"kind": "TokenReview", "status": authenticated()}
        writer.write(answer(json.dumps(status).encode()))

    async with pretending(tmp_path) as server:
        server.talks[TOKEN_REVIEW] = waits
        provider = server.provider()
        first = asyncio.ensure_future(provider.bearer(GOOD))
        await until(asked.is_set)
        second = asyncio.ensure_future(provider.bearer(GOOD))
        first.cancel()
        answered.set()
        assert await second == PERSON
        assert first.cancelled()
        assert server.times(TOKEN_REVIEW) == 1


async def test_known_tokens_do_while_the_server_is_down(openshift: OpenShift) -> None:
    provider, known = openshift.provider(), openshift.token()
    assert await provider.bearer(known) == ADA
    openshift.cluster.fail(FaultKind.RESET)
    with pytest.raises(TryLater):
        await provider.bearer(openshift.token())
    assert await provider.bearer(known) == ADA
    openshift.clock.on(60)
    with pytest.raises(TryLater):
        await provider.bearer(known)


async def test_a_new_token_of_our_own_is_taken_within_10_seconds(openshift: OpenShift) -> None:
    provider = openshift.provider()
    assert await provider.bearer(openshift.token()) == ADA
    openshift.cluster.admit(HUB, "the-next-token", DELEGATING)
    openshift.token_file.write_text("the-next-token")
    openshift.clock.on(10)
    assert await provider.bearer(openshift.token()) == ADA


@pytest.mark.parametrize("content", [None, "", "two words", "ü"], ids=repr)
async def test_a_token_of_our_own_that_cannot_be_used_is_said_without_it(
    openshift: OpenShift, content: str | None
) -> None:
    provider = openshift.provider()
    assert await provider.bearer(openshift.token()) == ADA
    if content is None:
        openshift.token_file.unlink()
    else:
        openshift.token_file.write_text(content)
    openshift.clock.on(10)
    with capture_logs() as lines, pytest.raises(TryLater, match="our login for the API server"):
        await provider.bearer(openshift.token())
    assert [line["event"] for line in lines] == ["openshift_failed"]
    assert not content or content not in lines[0]["reason"]
