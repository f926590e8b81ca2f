"""Pages of other origins: those that are set may ask with a token, others may not."""

import pytest

from services.runtime.settings import InvalidSettings, load_settings
from tests.gateway.access.limited import gateway, session_of
from tests.kit.gateway import API, Platform, refused

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]

PORTAL = "https://portal.example.com"
ASKS = {"origin": PORTAL, "access-control-request-method": "PATCH"}
ALLOWED, VARY = "access-control-allow-origin", "vary"
CREDENTIALS = "access-control-allow-credentials"


async def test_a_page_of_an_origin_that_is_set_may_ask_with_a_token(platform: Platform) -> None:
    limited = gateway(platform, cors=(PORTAL,))
    async with limited.client() as browser:
        answer = await browser.options(f"{API}/clusters", headers=ASKS)
    assert answer.status_code == 204
    assert answer.headers[ALLOWED] == PORTAL
    assert answer.headers[VARY] == "Origin"
    assert "PATCH" in answer.headers["access-control-allow-methods"]
    assert "authorization" in answer.headers["access-control-allow-headers"]
    async with limited.client(platform.admin) as browser:
        answer = await browser.get(f"{API}/clusters", headers={"origin": PORTAL})
    assert answer.status_code == 200
    assert answer.headers[ALLOWED] == PORTAL
    assert "x-ratelimit-remaining" in answer.headers["access-control-expose-headers"]
    assert CREDENTIALS not in answer.headers


async def test_a_refusal_can_be_read_by_such_a_page(platform: Platform) -> None:
    limited = gateway(platform, cors=(PORTAL,), token_burst=1)
    async with limited.client(platform.admin, address="10.1.1.1") as browser:
        await browser.get(f"{API}/clusters", headers={"origin": PORTAL})
        answer = await browser.get(f"{API}/clusters", headers={"origin": PORTAL})
    refused(answer, "RATE_LIMITED")
    assert answer.headers[ALLOWED] == PORTAL
    assert "retry-after" in answer.headers["access-control-expose-headers"]


@pytest.mark.parametrize(
    "origin",
    ["https://evil.example.com", "https://portal.example.com.evil.com", "null", f"{PORTAL}:8443"],
)
async def test_a_page_of_any_other_origin_is_told_nothing(platform: Platform, origin: str) -> None:
    limited = gateway(platform, cors=(PORTAL,))
    async with limited.client(platform.admin) as browser:
        for answer in (
            await browser.options(f"{API}/clusters", headers=ASKS | {"origin": origin}),
            await browser.get(f"{API}/clusters", headers={"origin": origin}),
        ):
            assert ALLOWED not in answer.headers
            # A cache must not show it to one that is allowed.
            assert answer.headers[VARY] == "Origin"


async def test_by_default_there_is_no_other_origin(platform: Platform) -> None:
    async with gateway(platform).client(platform.admin) as browser:
        answer = await browser.get(f"{API}/clusters", headers={"origin": PORTAL})
        assert ALLOWED not in answer.headers
        answer = await browser.options(f"{API}/clusters", headers=ASKS)
        assert ALLOWED not in answer.headers
        assert answer.status_code != 204 or "access-control-allow-methods" not in answer.headers


async def test_a_cookie_counts_for_no_page_but_ours(platform: Platform) -> None:
    session = await session_of(platform)
    for origins in ((PORTAL,), ("*",)):
        async with gateway(platform, cors=origins).client(session=session) as browser:
            answer = await browser.get(f"{API}/clusters", headers={"origin": PORTAL})
            refused(answer, "AUTH_FAILED")
            assert CREDENTIALS not in answer.headers


async def test_all_origins_may_be_allowed_but_never_with_credentials(platform: Platform) -> None:
    limited = gateway(platform, cors=("*",))
    async with limited.client(platform.admin) as browser:
        for answer in (
            await browser.options(f"{API}/clusters", headers=ASKS),
            await browser.get(f"{API}/clusters", headers={"origin": PORTAL}),
        ):
            assert answer.headers[ALLOWED] == "*"
            assert CREDENTIALS not in answer.headers


async def test_a_request_without_an_origin_is_none_of_it(platform: Platform) -> None:
    async with gateway(platform, cors=(PORTAL,)).client(platform.admin) as program:
        answer = await program.get(f"{API}/clusters")
    assert answer.status_code == 200
    assert ALLOWED not in answer.headers


@pytest.mark.parametrize(
    "told",
    ["portal.example.com", "https://portal.example.com/", "https://a@b.example", "https://", "ftp://a",
     "https://Portal.example.com", "https://[::1"],
)  # fmt: skip
def test_what_is_no_origin_is_refused_at_the_start(
    monkeypatch: pytest.MonkeyPatch, told: str
) -> None:
    monkeypatch.setenv("AIOPS_GATEWAY__CORS_ORIGINS", told)
    with pytest.raises(InvalidSettings, match="CORS_ORIGINS"):
        load_settings()


def test_origins_are_written_with_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIOPS_GATEWAY__CORS_ORIGINS", f"{PORTAL}, http://localhost:5173")
    assert load_settings().gateway.cors_origins == (PORTAL, "http://localhost:5173")
