"""A Korrel8r has its login as the backends have theirs, and its health is not polled."""

import pytest

from deploy.simulator.simulator import Running, RunningCluster
from tests.kit.gateway import API, Platform, refused
from tests.kit.korrel8r import korrel8r
from tests.kit.leaks import hidden
from tests.kit.simulated import backends, endpoints, given, registered, with_credentials
from tests.runtime.outbound.origins import answer, says

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]

TOKEN = "sha256~planted-korrel8r"


async def test_its_token_is_tried_and_shown_to_it_alone(
    platform: Platform, fleet: Running, spoke: RunningCluster
) -> None:
    async with korrel8r() as fake:
        told = {"backends": backends(spoke) | {"korrel8r": {"token": TOKEN}}}
        where = endpoints(spoke) | {"korrel8r_url": f"{fake.url}/below"}
        cluster = await with_credentials(platform, fleet, spoke, endpoints=where, given=told)
        assert fake.origin.heads[-1].startswith("GET /below/api/v1alpha1/domains ")
        assert fake.origin.header("authorization") == f"Bearer {TOKEN}"
        assert TOKEN not in str(cluster)
        known = cluster["credentials"]
        assert known["origins"]["KORREL8R"] == fake.url
        assert {each["name"]: each["valid"] for each in known["validation"]}["KORREL8R"]
        asked = len(fake.origin.heads)
        answered = await platform.http.post(f"{API}/clusters/{cluster['id']}/refresh")
        assert answered.json()["status"]["state"] == "ONLINE", answered.text
        assert len(fake.origin.heads) == asked
    assert (await platform.list(f"/clusters/{cluster['id']}"))["endpoints"] == where


async def test_a_token_that_it_does_not_take_is_refused(
    platform: Platform, fleet: Running, spoke: RunningCluster
) -> None:
    async with korrel8r(ill=says(answer(b"", "401 Unauthorized"))) as fake:
        where = endpoints(spoke) | {"korrel8r_url": fake.url}
        cluster = await registered(platform, spoke, endpoints=where)
        body = given(fleet, spoke, backends=backends(spoke) | {"korrel8r": {"token": TOKEN}})
        path = f"{API}/clusters/{cluster['id']}/credentials"
        answered = await platform.http.post(path, json=body)
    hidden(body, answered)
    assert "Korrel8r answered 401" in refused(answered, "CREDENTIALS_INVALID")["message"]


@pytest.mark.parametrize(
    "url", ["https://me:secret@korrel8r.test", "http://korrel8r.example.com", "korrel8r"]
)
async def test_its_url_is_held_to_the_rules_of_all_others(platform: Platform, url: str) -> None:
    body = {
        "name": "edge-korrel8r",
        "api_server_url": "https://api.test:6443",
        "endpoints": {"korrel8r_url": url},
    }
    answered = await platform.http.post(f"{API}/clusters", json=body)
    error = refused(answered, "VALIDATION_FAILED")
    assert [each["field"] for each in error["details"]["fields"]] == ["endpoints.korrel8r_url"]
    assert "secret" not in answered.text
