from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from structlog.testing import capture_logs

from contracts.access import LoginMethod
from contracts.refusals import Code, Refused, TryLater
from deploy.simulator.faults import Fault, FaultKind
from deploy.simulator.oauth import OAuthClient
from gateway.auth.openshift.provider import OpenShiftProvider
from tests.gateway.access.openshift.openshifts import (
    ADA,
    ATTEMPT,
    BACK,
    BOB,
    HUB,
    METADATA,
    OWN_TOKEN,
    TOKEN,
    TOKEN_REVIEW,
    OpenShift,
    authenticated,
    pretending,
    reviewed,
    saying,
    simulated,
    told,
)

pytestmark = pytest.mark.anyio
LEAK = "what-nobody-may-see"


async def refusal(provider: OpenShiftProvider, back: dict[str, str], **changes: Any) -> Refused:
    """Why somebody is not let in who brings this."""
    with pytest.raises(Refused) as caught:
        await provider.finish(replace(ATTEMPT, **changes), back, BACK)
    assert caught.value.code is Code.AUTH_FAILED
    told(caught.value, LEAK, *filter(None, [back.get("code")]))
    return caught.value


async def test_the_browser_is_sent_with_pkce_and_state(openshift: OpenShift) -> None:
    provider = openshift.provider()
    address = await provider.address(ATTEMPT, BACK)
    parts = urlsplit(address)
    assert address.startswith(f"{openshift.url}/oauth/authorize?")
    asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
    assert asked.pop("code_challenge") not in {"", ATTEMPT.verifier}
    assert asked == {
        "response_type": "code",
        "client_id": "aiops-nextgen",
        "redirect_uri": BACK,
        "scope": "user:info",
        "state": ATTEMPT.state,
        "code_challenge_method": "S256",
    }
    assert provider.method is LoginMethod.OPENSHIFT


async def test_what_the_address_has_already_stays(tmp_path: Path) -> None:
    async with pretending(tmp_path) as server:
        address = await server.provider().address(ATTEMPT, BACK)
    assert "/oauth/authorize?idp=one&response_type=code&" in address


async def test_who_comes_back_is_known_by_name_and_groups(openshift: OpenShift) -> None:
    provider = openshift.provider()
    for user, identity in (("ada", ADA), ("bob", BOB)):
        back = await openshift.come_back(provider, user)
        assert await provider.finish(ATTEMPT, back, BACK) == identity
    assert openshift.oauth.asked["TokenReview"] == 2
    assert openshift.oauth.asked[METADATA] == 1


async def test_somebody_logs_in_with_a_form(openshift: OpenShift) -> None:
    provider = openshift.provider()
    address = await provider.address(ATTEMPT, BACK)
    async with httpx.AsyncClient(verify=openshift.tls) as client:
        wrong = await client.post(address, data={"username": "bob", "password": "ada"})
    assert "That is wrong" in wrong.text
    back = await openshift.browser(address, username="bob", password="bob")
    assert await provider.finish(ATTEMPT, back, BACK) == BOB


async def test_who_cancels_is_not_let_in(openshift: OpenShift) -> None:
    provider = openshift.provider()
    back = await openshift.browser(await provider.address(ATTEMPT, BACK), deny="1")
    assert back["error"] == "access_denied"
    assert "did not log you in" in (await refusal(provider, back)).message


async def test_a_public_client_needs_its_verifier_alone(openshift: OpenShift) -> None:
    openshift.oauth.clients["hub"] = OAuthClient("hub", None)
    provider = openshift.provider(client_id="hub", client_secret="")
    back = await openshift.come_back(provider)
    assert await provider.finish(ATTEMPT, back, BACK) == ADA


async def test_a_service_account_may_be_the_client(openshift: OpenShift) -> None:
    openshift.oauth.clients[HUB] = OAuthClient(HUB, "a:secret+&=")
    provider = openshift.provider(client_id=HUB, client_secret="a:secret+&=")
    back = await openshift.come_back(provider)
    assert await provider.finish(ATTEMPT, back, BACK) == ADA


async def test_the_token_of_a_login_is_dropped_and_is_no_bearer(openshift: OpenShift) -> None:
    provider = openshift.provider()
    await provider.finish(ATTEMPT, await openshift.come_back(provider), BACK)
    [token] = openshift.oauth.tokens
    assert await provider.bearer(token) is None
    shown = f"{provider!r}{provider.server!r}{provider.client!r}"
    assert not any(each in shown for each in (token, OWN_TOKEN, "simulated-client-secret"))


async def test_a_code_is_good_once(openshift: OpenShift) -> None:
    provider = openshift.provider()
    back = await openshift.come_back(provider)
    await provider.finish(ATTEMPT, back, BACK)
    assert "was used before" in (await refusal(provider, back)).message


async def test_a_code_without_our_verifier_is_worthless(openshift: OpenShift) -> None:
    provider = openshift.provider()
    back = await openshift.come_back(provider)
    assert "was used before" in (await refusal(provider, back, verifier="x" * 43)).message
    assert openshift.oauth.tokens == ()


async def test_a_code_for_another_address_is_worthless(openshift: OpenShift) -> None:
    provider = openshift.provider()
    back = await openshift.come_back(provider)
    with pytest.raises(Refused, match="was used before"):
        await provider.finish(ATTEMPT, back, f"{BACK}/elsewhere")


@pytest.mark.parametrize(
    "change",
    [
        {"state": "another"},
        {"state": ""},
        {"state": "ü"},
        {"code": ""},
        {"code": "c" * 10_000},
        {"error": "access_denied", "error_description": LEAK},
        {"iss": "https://elsewhere.test"},
    ],
    ids=lambda change: next(iter(change)),
)
async def test_who_brings_something_else_is_refused_before_the_server_is_asked(
    openshift: OpenShift, change: dict[str, str]
) -> None:
    provider = openshift.provider()
    back = await openshift.come_back(provider)
    await refusal(provider, back | change)
    assert openshift.oauth.asked[TOKEN] == 0


async def test_a_client_that_is_not_taken_is_told_to_the_administrator(
    openshift: OpenShift,
) -> None:
    provider = openshift.provider(client_secret="wrong")
    back = await openshift.come_back(provider)
    with capture_logs() as lines:
        told = (await refusal(provider, back)).message
    assert "does not take this platform as a client" in told
    assert [line["event"] for line in lines] == ["openshift_refused"]


async def test_a_token_that_the_review_does_not_know_lets_nobody_in(openshift: OpenShift) -> None:
    provider = openshift.provider()
    back = await openshift.come_back(provider)
    del openshift.oauth.users["ada"]
    assert "who you are" in (await refusal(provider, back)).message


async def test_an_account_that_may_not_review_is_said_clearly(openshift: OpenShift) -> None:
    provider = openshift.provider()
    back = await openshift.come_back(provider)
    openshift.cluster.admit(HUB, OWN_TOKEN, ())
    with capture_logs() as lines, pytest.raises(TryLater) as caught:
        await provider.finish(ATTEMPT, back, BACK)
    told(caught.value, back["code"])
    [line] = lines
    assert (line["event"], line["log_level"]) == ("openshift_failed", "warning")
    assert "does not allow: create tokenreviews.authentication.k8s.io (403)" in line["reason"]
    assert "system:auth-delegator" in line["advice"]


async def test_an_account_that_is_gone_is_said_clearly(openshift: OpenShift) -> None:
    provider = openshift.provider()
    openshift.cluster.admit(HUB, "another-token", ())
    with capture_logs() as lines, pytest.raises(TryLater):
        await provider.bearer(openshift.token())
    assert "TOKEN_FILE" in lines[0]["advice"]


@pytest.mark.parametrize(
    "fault",
    [
        Fault(FaultKind.HANG),
        Fault(FaultKind.RESET),
        Fault(FaultKind.STATUS, status=500),
        Fault(FaultKind.STATUS, status=429),
        Fault(FaultKind.HTML),
        Fault(FaultKind.GARBAGE),
        Fault(FaultKind.HUGE),
        Fault(FaultKind.DRIP),
    ],
    ids=lambda fault: f"{fault.kind}{fault.status}",
)
async def test_a_server_in_trouble_is_asked_later(openshift: OpenShift, fault: Fault) -> None:
    # While it is well it has time; who says nothing or little is not waited for long.
    seconds = 2.0 if fault.kind in {FaultKind.HANG, FaultKind.DRIP} else 5.0
    provider = openshift.provider(seconds=seconds)
    back = await openshift.come_back(provider)
    openshift.cluster.fail(fault)
    for doing in (
        provider.finish(ATTEMPT, back, BACK),
        provider.bearer(openshift.token()),
        openshift.provider(seconds=seconds).address(ATTEMPT, BACK),
    ):
        with pytest.raises(TryLater) as caught:
            await doing
        told(caught.value, back["code"])


async def test_a_redirect_is_not_followed(openshift: OpenShift) -> None:
    openshift.cluster.fail(Fault(FaultKind.REDIRECT, location="https://elsewhere.test/"))
    with pytest.raises(TryLater) as caught:
        await openshift.provider().address(ATTEMPT, BACK)
    told(caught.value, "elsewhere")


async def test_a_server_that_is_down_is_asked_later(openshift: OpenShift) -> None:
    provider = openshift.provider(api_url="https://127.0.0.1:9")
    with pytest.raises(TryLater, match="cannot be reached"):
        await provider.address(ATTEMPT, BACK)


async def test_kubernetes_without_an_oauth_server_is_said_clearly(tmp_path: Path) -> None:
    async with simulated(tmp_path) as openshift:
        admission = openshift.cluster.simulated.admission
        admission.cluster = replace(admission.cluster, platform="KUBERNETES")
        with capture_logs() as lines, pytest.raises(TryLater):
            await openshift.provider().address(ATTEMPT, BACK)
    assert "with its own OAuth server" in lines[0]["advice"]


@pytest.mark.parametrize(
    "document",
    [
        {"token_endpoint": "http://elsewhere.test/token"},
        {"token_endpoint": "file:///etc/passwd"},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"authorization_endpoint": "https://user:secret@elsewhere.test/"},
        {"token_endpoint": "https://elsewhere.test:port/"},
        {"token_endpoint": None},
    ],
    ids=repr,
)
async def test_endpoints_that_secrets_may_not_be_sent_to_are_not_taken(
    tmp_path: Path, document: dict[str, Any]
) -> None:
    async with pretending(tmp_path) as server:
        server.metadata(**document)
        with pytest.raises(TryLater):
            await server.provider().address(ATTEMPT, BACK)


async def test_our_own_token_goes_to_the_api_server_alone(tmp_path: Path) -> None:
    async with pretending(tmp_path) as server, pretending(tmp_path) as elsewhere:
        elsewhere.talks[TOKEN] = saying({"access_token": "sha256~given"})
        server.metadata(token_endpoint=f"{elsewhere.url}{TOKEN}")
        server.talks[TOKEN_REVIEW] = reviewed(authenticated())
        back = {"code": "one", "state": ATTEMPT.state}
        found = await server.provider().finish(ATTEMPT, back, BACK)
        assert (found.user, found.groups) == ("bob", {"viewers"})
        assert elsewhere.origin.header("authorization") is None
        assert server.origin.header("authorization") == f"Bearer {OWN_TOKEN}"
        [posted] = server.bodies
    assert posted == {
        "apiVersion": "authentication.k8s.io/v1",
        "kind": "TokenReview",
        "spec": {"token": "sha256~given"},
    }


@pytest.mark.parametrize(
    ("said", "status", "error"),
    [
        ({}, "200 OK", TryLater),
        ({"access_token": ""}, "200 OK", TryLater),
        ({"access_token": "two words"}, "200 OK", TryLater),
        ({"access_token": "ü"}, "200 OK", TryLater),
        ({"access_token": ["sha256~given"]}, "200 OK", TryLater),
        (LEAK.encode(), "200 OK", TryLater),
        ({"error": "server_error", "error_description": LEAK}, "503 Later", TryLater),
        ({"error": "invalid_request", "error_description": LEAK}, "400 No", Refused),
        (LEAK.encode(), "404 No", Refused),
    ],
)
async def test_a_token_endpoint_that_gives_no_token_lets_nobody_in(
    tmp_path: Path, said: Any, status: str, error: type[Exception]
) -> None:
    async with pretending(tmp_path) as server:
        server.talks[TOKEN] = saying(said, status)
        back = {"code": "one", "state": ATTEMPT.state}
        with pytest.raises(error) as caught:
            await server.provider().finish(ATTEMPT, back, BACK)
        told(caught.value, LEAK)
        assert server.times(TOKEN_REVIEW) == 0
