"""The simulated OAuth server refuses what the real one refuses."""

from datetime import timedelta
from urllib.parse import urlsplit

import httpx
import pytest

from deploy.simulator.exchange import Request
from deploy.simulator.oauth import OAuth, OAuthClient
from tests.deploy.simulator.asking import NOON
from tests.gateway.access.openshift.openshifts import (
    ACCESS_REVIEW,
    ATTEMPT,
    BACK,
    TOKEN,
    TOKEN_REVIEW,
    OpenShift,
)

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("name", "value"), [("client_id", "unknown"), ("redirect_uri", "https://elsewhere.test/")]
)
async def test_nobody_is_sent_to_an_address_that_is_not_known(
    openshift: OpenShift, name: str, value: str
) -> None:
    address = httpx.URL(await openshift.provider().address(ATTEMPT, BACK))
    async with httpx.AsyncClient(verify=openshift.tls) as client:
        answer = await client.get(
            address.copy_set_param(name, value).copy_set_param("login", "ada")
        )
    assert (answer.status_code, answer.headers.get("location")) == (400, None)


async def test_a_client_may_be_bound_to_its_addresses() -> None:
    client = OAuthClient("hub", None, ("https://hub.test/auth/",))
    assert client.takes("https://hub.test/auth/callback")
    assert not client.takes("https://hub.test.elsewhere.test/auth/callback")
    assert not client.takes("http://127.0.0.1/auth/callback")


@pytest.mark.parametrize(
    ("name", "value"), [("response_type", "token"), ("code_challenge_method", "plain")]
)
async def test_only_codes_with_pkce_are_given(openshift: OpenShift, name: str, value: str) -> None:
    address = httpx.URL(await openshift.provider().address(ATTEMPT, BACK))
    changed = address.copy_set_param(name, value).copy_set_param("login", "ada")
    assert await openshift.browser(f"{changed}") == {
        "error": "invalid_request",
        "state": ATTEMPT.state,
    }


def test_a_code_ends_after_5_minutes() -> None:
    for late, status in ((timedelta(minutes=4), 200), (timedelta(minutes=5), 400)):
        oauth = OAuth()
        form = f"grant_type=authorization_code&client_id=aiops-nextgen&redirect_uri={BACK}"
        asked = {
            "client_id": "aiops-nextgen",
            "redirect_uri": BACK,
            "response_type": "code",
            "code_challenge_method": "S256",
            "code_challenge": "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU",  # Of nothing.
            "login": "bob",
        }
        pairs = tuple(asked.items())
        sent = oauth.answer(Request("GET", "/oauth/authorize", pairs, b"", None, None, NOON))
        code = urlsplit(sent.headers["location"]).query
        body = f"{form}&client_secret=simulated-client-secret&{code}".encode()
        answer = oauth.answer(Request("POST", TOKEN, (), body, None, None, NOON + late))
        assert answer.status == status


@pytest.mark.parametrize("path", [TOKEN_REVIEW, ACCESS_REVIEW])
async def test_who_has_no_right_to_review_may_not(openshift: OpenShift, path: str) -> None:
    body = {"spec": {"token": openshift.token()}}
    for account, status in (("reader", 403), ("nobody", 403)):
        shown = {"authorization": f"Bearer {openshift.cluster.account(account).token}"}
        async with httpx.AsyncClient(verify=openshift.tls, headers=shown) as client:
            answer = await client.post(f"{openshift.url}{path}", json=body)
        assert answer.status_code == status
