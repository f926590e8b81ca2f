"""Who is let in: tokens, client certificates, reviews, new tokens."""

import asyncio
import ssl
from datetime import datetime, timedelta
from pathlib import Path

import httpx
import pytest

from deploy.simulator.authority import Identity
from deploy.simulator.fleet import Fleet
from deploy.simulator.simulator import Options, Running, simulating
from services.runtime.clock import SystemClock
from tests.deploy.simulator.reaching import Clients, Json, refused

ACCESS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
RULES = "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews"
REVIEW = "/apis/authentication.k8s.io/v1/tokenreviews"
NEW_TOKEN = "/api/v1/namespaces/aiops-system/serviceaccounts/reader/token"


class Later(SystemClock):
    """A clock that can be moved on."""

    ahead = timedelta()

    def now(self) -> datetime:
        return super().now() + self.ahead


def showing(running: Running, identity: Identity, folder: Path) -> ssl.SSLContext:
    """TLS with a client certificate."""
    context = ssl.create_default_context(cadata=running.authority.pem.decode())
    path = folder / "client.pem"
    path.write_bytes(identity.key + identity.certificate)
    context.load_cert_chain(path)
    return context


async def ask(client: httpx.AsyncClient, path: str, **spec: object) -> Json:
    """The status of what was posted."""
    answer = await client.post(path, json={"spec": spec})
    assert answer.status_code == 201, answer.text
    return answer.json()["status"]


async def test_a_client_certificate_is_as_good_as_a_token(running: Running, tmp_path: Path) -> None:
    cluster = running.cluster("edge-1")
    context = showing(running, cluster.client_certificate(), tmp_path)
    async with httpx.AsyncClient(verify=context, trust_env=False) as client:
        answer = await client.get(f"{cluster.api_url}/api/v1/nodes")
    assert answer.status_code == 200


async def test_a_client_certificate_carries_the_rights_of_its_user(
    running: Running, tmp_path: Path
) -> None:
    cluster = running.cluster("edge-1")
    context = showing(running, cluster.client_certificate("nobody"), tmp_path)
    async with httpx.AsyncClient(verify=context, trust_env=False) as client:
        answer = await client.get(f"{cluster.api_url}/api/v1/nodes")
    assert ":nobody" in refused(answer, 403, "Forbidden")["message"]


async def test_the_certificate_of_one_cluster_is_worthless_at_another(
    running: Running, tmp_path: Path
) -> None:
    context = showing(running, running.cluster("edge-1").client_certificate(), tmp_path)
    async with httpx.AsyncClient(verify=context, trust_env=False) as client:
        answer = await client.get(f"{running.cluster('edge-2').api_url}/api/v1/nodes")
    refused(answer, 401, "Unauthorized")


@pytest.mark.parametrize(
    ("resource", "verb", "may"),
    [("nodes", "list", True), ("nodes", "delete", False), ("secrets", "list", False)],
)
async def test_one_can_ask_what_one_may(
    running: Running, clients: Clients, resource: str, verb: str, may: bool
) -> None:
    client = clients.api(running.cluster("edge-1"))
    attributes = {"group": "", "resource": resource, "verb": verb}
    assert (await ask(client, ACCESS, resourceAttributes=attributes))["allowed"] is may


async def test_the_right_to_exec_is_a_right_of_its_own(running: Running, clients: Clients) -> None:
    cluster = running.cluster("edge-1")
    attributes = {"resource": "pods", "subresource": "exec", "verb": "create"}
    for name, may in (("reader", False), ("operator", True)):
        client = clients.api(cluster, cluster.account(name).token)
        assert (await ask(client, ACCESS, resourceAttributes=attributes))["allowed"] is may


async def test_one_can_ask_for_all_of_ones_rules(running: Running, clients: Clients) -> None:
    cluster = running.cluster("edge-1")
    told = await ask(clients.api(cluster), RULES, namespace="default")
    assert {"verbs": ["get", "list", "watch"], "apiGroups": [""], "resources": ["nodes"]} in told[
        "resourceRules"
    ]
    client = clients.api(cluster, cluster.account("nobody").token)
    told = await ask(client, RULES, namespace="default")
    assert [rule["verbs"] for rule in told["resourceRules"]] == [["create"]]


async def test_nobody_in_particular_may_not_ask(running: Running, clients: Clients) -> None:
    client = clients.api(running.cluster("edge-1"), None)
    refused(await client.post(ACCESS, json={"spec": {}}), 403, "Forbidden")


async def test_a_token_review_tells_whose_a_token_is(running: Running, clients: Clients) -> None:
    cluster = running.cluster("edge-1")
    client = clients.api(cluster, cluster.account("operator").token)
    told = await ask(client, REVIEW, token=cluster.account().token)
    assert told["authenticated"] is True
    assert told["user"]["username"] == "system:serviceaccount:aiops-system:reader"
    assert "system:serviceaccounts" in told["user"]["groups"]
    told = await ask(client, REVIEW, token="sha256~wrong")
    assert told["authenticated"] is False


async def test_a_reader_may_not_review_tokens(running: Running, clients: Clients) -> None:
    client = clients.api(running.cluster("edge-1"))
    answer = await client.post(REVIEW, json={"spec": {"token": "x"}})
    told = refused(answer, 403, "Forbidden")
    assert 'in API group "authentication.k8s.io"' in told["message"]


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"spec": 1}', b"{"])
async def test_what_is_posted_needs_a_spec(running: Running, clients: Clients, body: bytes) -> None:
    answer = await clients.api(running.cluster("edge-1")).post(ACCESS, content=body)
    refused(answer, 400, "BadRequest")


async def test_a_new_token_is_good_until_it_ends(fleet: Fleet) -> None:
    clock = Later()
    async with simulating(fleet, Options(bad_tls=False, clock=clock)) as running:
        clients, cluster = Clients(running), running.cluster("edge-1")
        operator = clients.api(cluster, cluster.account("operator").token)
        told = await ask(operator, NEW_TOKEN, expirationSeconds=600)
        client = clients.api(cluster, told["token"])
        assert (await client.get("/api/v1/nodes")).status_code == 200
        clock.ahead = timedelta(seconds=601)
        refused(await client.get("/api/v1/nodes"), 401, "Unauthorized")
        await clients.close()
    ends = datetime.fromisoformat(told["expirationTimestamp"])
    assert timedelta(seconds=590) < ends - SystemClock().now() < timedelta(seconds=601)


async def test_two_new_tokens_are_not_the_same(running: Running, clients: Clients) -> None:
    cluster = running.cluster("edge-1")
    operator = clients.api(cluster, cluster.account("operator").token)
    told = await asyncio.gather(ask(operator, NEW_TOKEN), ask(operator, NEW_TOKEN))
    assert told[0]["token"] != told[1]["token"]


async def test_a_new_token_needs_an_account_a_right_and_a_decent_age(
    running: Running, clients: Clients
) -> None:
    cluster = running.cluster("edge-1")
    operator = clients.api(cluster, cluster.account("operator").token)
    nowhere = NEW_TOKEN.replace("reader", "stranger")
    refused(await operator.post(nowhere, json={"spec": {}}), 404, "NotFound")
    young = {"spec": {"expirationSeconds": 5}}
    refused(await operator.post(NEW_TOKEN, json=young), 422, "Invalid")
    reader = clients.api(cluster)
    refused(await reader.post(NEW_TOKEN, json={"spec": {}}), 403, "Forbidden")


async def test_a_banished_account_is_out_with_all_its_tokens(
    running: Running, clients: Clients
) -> None:
    cluster = running.cluster("edge-1")
    operator = clients.api(cluster, cluster.account("operator").token)
    token = (await ask(operator, NEW_TOKEN))["token"]
    cluster.simulated.admission.banish(cluster.account().name)
    for shown in (token, cluster.account().token):
        refused(await clients.api(cluster, shown).get("/api/v1/nodes"), 401, "Unauthorized")
