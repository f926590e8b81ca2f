"""The observability backends of a simulated cluster."""

import pytest

from deploy.simulator.cluster import Part
from deploy.simulator.simulator import Running
from tests.deploy.simulator.reaching import Clients, with_trait

READY = {
    Part.PROMETHEUS: "/-/ready",
    Part.ALERTMANAGER: "/-/ready",
    Part.LOKI: "/ready",
    Part.TEMPO: "/ready",
}


@pytest.mark.parametrize("part", READY)
async def test_a_backend_says_that_it_is_ready(
    running: Running, clients: Clients, part: Part
) -> None:
    cluster = with_trait(running, lambda each: each.backend(part))
    answer = await clients.backend(cluster, part).get(READY[part])
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("part", READY)
async def test_a_backend_with_a_token_wants_its_own(
    running: Running, clients: Clients, part: Part
) -> None:
    cluster = with_trait(running, lambda each: (one := each.backend(part)) and one.token)
    url = cluster.backend_url(part)
    assert url is not None
    for client in (clients.open(url), clients.open(url, cluster.account().token)):
        answer = await client.get(READY[part])
        assert answer.status_code == 401, answer.text


async def test_a_backend_without_a_token_is_open(running: Running, clients: Clients) -> None:
    cluster = with_trait(
        running, lambda each: (one := each.backend(Part.PROMETHEUS)) and one.token is None
    )
    answer = await clients.open(f"{cluster.api_url}/prometheus").get("/-/healthy")
    assert answer.text == "Prometheus Server is Healthy.\n"


async def test_a_backend_that_is_not_there_does_not_answer(
    running: Running, clients: Clients
) -> None:
    cluster = with_trait(running, lambda each: each.backend(Part.TEMPO) is None)
    assert cluster.backend_url(Part.TEMPO) is None
    answer = await clients.open(f"{cluster.api_url}/tempo").get("/ready")
    assert answer.status_code == 503


async def test_prometheus_tells_its_version(running: Running, clients: Clients) -> None:
    client = clients.backend(running.cluster("hub-1"), Part.PROMETHEUS)
    told = (await client.get("/api/v1/status/buildinfo")).json()
    assert told["status"] == "success"
    assert told["data"]["version"].endswith("+simulated")


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_prometheus_knows_which_nodes_are_up(
    running: Running, clients: Clients, method: str
) -> None:
    client = clients.backend(running.cluster("hub-1"), Part.PROMETHEUS)
    asked = {"query": "up", "time": "1767225600.5"}
    where = {"params": asked} if method == "GET" else {"data": asked}
    told = (await client.request(method, "/api/v1/query", **where)).json()  # pyright: ignore[reportArgumentType]
    result = told["data"]["result"]
    assert told["data"]["resultType"] == "vector"
    assert [each["value"] for each in result] == [[1767225600.5, "1"]] * 6
    assert len({each["metric"]["instance"] for each in result}) == 6


async def test_prometheus_knows_the_load_of_every_gpu(running: Running, clients: Clients) -> None:
    cluster = with_trait(running, lambda each: each.traits.gpu_nodes)
    client = clients.backend(cluster, Part.PROMETHEUS)
    told = await client.get("/api/v1/query", params={"query": "DCGM_FI_DEV_GPU_UTIL"})
    result = told.json()["data"]["result"]
    assert len({each["metric"]["UUID"] for each in result}) == len(result)
    assert len(result) == cluster.simulated.cluster.gpu_count


async def test_a_metric_that_nobody_knows_has_no_series(running: Running, clients: Clients) -> None:
    client = clients.backend(running.cluster("hub-1"), Part.PROMETHEUS)
    told = await client.get("/api/v1/query", params={"query": "nothing_at_all"})
    assert told.json()["data"]["result"] == []


@pytest.mark.parametrize(
    ("query", "code", "kind"),
    [
        ({}, 400, "bad_data"),
        ({"query": "abs(up)"}, 422, "execution"),
        ({"query": "up", "time": "noon"}, 400, "bad_data"),
    ],
)
async def test_prometheus_says_what_it_cannot_answer(
    running: Running, clients: Clients, query: dict[str, str], code: int, kind: str
) -> None:
    client = clients.backend(running.cluster("hub-1"), Part.PROMETHEUS)
    answer = await client.get("/api/v1/query", params=query)
    assert answer.status_code == code
    assert (answer.json()["status"], answer.json()["errorType"]) == ("error", kind)


async def test_alertmanager_tells_its_status(running: Running, clients: Clients) -> None:
    cluster = with_trait(running, lambda each: each.backend(Part.ALERTMANAGER))
    told = (await clients.backend(cluster, Part.ALERTMANAGER).get("/api/v2/status")).json()
    assert told["cluster"]["status"] == "ready"
    assert told["versionInfo"]["version"].endswith("+simulated")


@pytest.mark.parametrize("part", READY)
async def test_other_paths_of_a_backend_lead_nowhere(
    running: Running, clients: Clients, part: Part
) -> None:
    cluster = with_trait(running, lambda each: each.backend(part))
    assert (await clients.backend(cluster, part).get("/nothing")).status_code == 404
