"""Addresses that answer only because of where we run are never connected to, whoever names them."""

from collections.abc import AsyncGenerator, Generator, Sequence
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

import pytest

from contracts.clusters import ClusterType
from deploy.simulator.cluster import Part
from deploy.simulator.faults import Fault, FaultKind
from deploy.simulator.fleet import Fleet
from deploy.simulator.kubeconfig import kubeconfig
from deploy.simulator.simulator import Running, RunningCluster, simulating
from services.runtime.outbound.network import SystemNames
from services.runtime.outside import Outside
from services.runtime.settings import ClusterSettings, Settings
from tests.kit.gateway import API, Json, Platform, platform_on
from tests.kit.simulated import endpoints, given, of_type, refusal, registered
from tests.runtime.outbound.origins import Recorded

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]

METADATA = "169.254.169.254"
HERE = "127.0.0.1"


@dataclass
class Names:
    """A name service whose answers change: of each host the next one, and the last one for good."""

    known: dict[str, list[list[str]]] = field(default_factory=dict[str, list[list[str]]])

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        """The addresses of a host; odd spellings of numbers are read as the system does it."""
        if not host.endswith(".test"):
            numbers = SystemNames()
            try:
                return await numbers(host, port)
            finally:
                numbers.close()
        answers = self.known.get(host, [])
        if not answers:
            raise OSError("unknown")
        return answers.pop(0) if len(answers) > 1 else answers[0]


NAMES, NETWORK = Names(), Recorded()
PERMITTED: set[str] = set()
"""Where clusters are that tests have registered with leave: they are looked at now and then."""


@pytest.fixture(autouse=True)
def _only_here() -> Generator[None]:
    """Whatever a test has tried: no connection left this machine."""
    NETWORK.connects.clear()
    yield
    assert set(NETWORK.connects) <= {HERE, *PERMITTED}


@pytest.fixture(scope="module")
async def platform(platform_settings: Settings) -> AsyncGenerator[Platform]:
    """A platform with a name service of ours, on a network that leads everything to loopback."""
    async with platform_on(platform_settings, _outside(platform_settings)) as running:
        yield running


def _outside(settings: Settings) -> Outside:
    return Outside(settings, "workers", resolve=NAMES, network=NETWORK)


@pytest.fixture(scope="module")
async def fleet() -> AsyncGenerator[Running]:
    async with simulating(Fleet.make(4, seed=7)) as running:
        yield running


@pytest.fixture
def spoke(fleet: Running) -> RunningCluster:
    found = of_type(fleet, ClusterType.SPOKE)
    for part in Part:
        found.fail(FaultKind.NONE, part)
    return found


def moved(url: str, host: str) -> str:
    """A URL on another host; the port leads to the simulator all the same."""
    parts = urlsplit(url)
    return parts._replace(netloc=f"{host}:{parts.port}").geturl()


def _login(fleet: Running, cluster: RunningCluster) -> Json:
    """Credentials that are good wherever the cluster's name leads."""
    return given(fleet, cluster, backends={}, tls_server_name="localhost")


async def _at(
    platform: Platform, spoke: RunningCluster, host: str, backends: Json | None = None
) -> Json:
    """A cluster that is registered at this host."""
    url = moved(spoke.api_url, host)
    return await registered(platform, spoke, api_server_url=url, endpoints=backends or {})


async def _refused(platform: Platform, fleet: Running, spoke: RunningCluster, host: str) -> str:
    cluster = await _at(platform, spoke, host)
    return await refusal(platform, cluster, _login(fleet, spoke), "VALIDATION_FAILED")


@pytest.mark.parametrize(
    ("host", "what"),
    [
        (METADATA, "a cloud metadata address"),
        ("[fd00:ec2::254]", "a cloud metadata address"),
        ("[::ffff:169.254.169.254]", "a cloud metadata address"),
        ("[64:ff9b::a9fe:a9fe]", "a cloud metadata address"),
        ("[2002:a9fe:a9fe::1]", "a cloud metadata address"),
        ("100.100.100.200", "a cloud metadata address"),
        ("0xa9fea9fe", "a cloud metadata address"),
        ("2852039166", "a cloud metadata address"),
        ("169.254.10.1", "a link-local address"),
        ("[fe80::1]", "a link-local address"),
        ("0.0.0.0", "an unspecified address"),
        ("[::]", "an unspecified address"),
        ("224.0.0.1", "a multicast address"),
    ],
)
async def test_an_api_server_at_an_address_that_is_no_cluster_s(
    platform: Platform, fleet: Running, spoke: RunningCluster, host: str, what: str
) -> None:
    text = await _refused(platform, fleet, spoke, host)
    assert text.startswith("the API server must not be asked: ")
    assert f"{what}, which is never connected to; give an address of the cluster itself" in text
    assert "let an administrator allow this one" in text
    assert NETWORK.connects == []


@pytest.mark.parametrize("address", [METADATA, "fd00:ec2::254", "::ffff:a9fe:a9fe"])
async def test_a_name_that_leads_to_a_metadata_address(
    platform: Platform, fleet: Running, spoke: RunningCluster, address: str
) -> None:
    NAMES.known["metadata.test"] = [[address]]
    text = await _refused(platform, fleet, spoke, "metadata.test")
    assert "the API server must not be asked: metadata.test:" in text
    assert f"is at {address}" in text
    assert NETWORK.connects == []


async def test_of_a_name_s_addresses_only_those_that_may_be_reached_are(
    platform: Platform, fleet: Running, spoke: RunningCluster
) -> None:
    NAMES.known["both.test"] = [[METADATA, HERE]]
    cluster = await _at(platform, spoke, "both.test")
    await _accepted(platform, cluster, _login(fleet, spoke))
    assert NETWORK.connects


async def _accepted(platform: Platform, cluster: Json, body: Json) -> None:
    path = f"{API}/clusters/{cluster['id']}/credentials"
    answer = await platform.http.post(path, json=body)
    assert answer.status_code == 201, answer.text


async def test_a_name_that_nobody_knows(
    platform: Platform, fleet: Running, spoke: RunningCluster
) -> None:
    cluster = await _at(platform, spoke, "nowhere.test")
    text = await refusal(platform, cluster, _login(fleet, spoke), "CLUSTER_UNREACHABLE")
    assert "the name of nowhere.test:" in text
    assert "cannot be resolved; check the host name" in text


async def test_a_name_whose_answer_changes_between_check_and_use(
    platform: Platform, fleet: Running, spoke: RunningCluster
) -> None:
    urls = {"prometheus_url": moved(endpoints(spoke)["prometheus_url"] or "", "rebinding.test")}
    cluster = await _at(platform, spoke, "rebinding.test", urls)
    # Good for the first connection; at the second it leads where an attacker wants us to go.
    NAMES.known["rebinding.test"] = [[HERE], [METADATA]]
    text = await refusal(platform, cluster, _login(fleet, spoke), "VALIDATION_FAILED")
    assert f"is at {METADATA}, a cloud metadata address, which is never connected to" in text
    assert NETWORK.connects == [HERE]


async def test_a_name_whose_answer_changes_later_is_seen_by_the_next_check(
    platform: Platform, fleet: Running, spoke: RunningCluster
) -> None:
    NAMES.known["later.test"] = [[HERE]]
    cluster = await _at(platform, spoke, "later.test")
    await _accepted(platform, cluster, _login(fleet, spoke))
    NAMES.known["later.test"] = [[METADATA]]
    await _again(platform, platform.settings)  # Without the connections that were kept.
    answer = await platform.http.post(f"{API}/clusters/{cluster['id']}/refresh")
    status = answer.json()["status"]
    assert (status["state"], status["health_score"]) == ("OFFLINE", 50)
    assert "a cloud metadata address, which is never connected to" in status["last_error"]


async def _again(platform: Platform, settings: Settings) -> None:
    """Start the workers anew, with these settings."""
    await platform.workers.stop()
    platform.workers.settings = settings
    platform.workers.outside = _outside(settings)
    await platform.workers.start()


@pytest.mark.parametrize("where", ["https://169.254.169.254/latest/", "https://[fd00:ec2::254]/"])
async def test_a_redirect_to_a_metadata_address_is_not_followed(
    platform: Platform, fleet: Running, spoke: RunningCluster, where: str
) -> None:
    spoke.fail(Fault(FaultKind.REDIRECT, location=where))
    cluster = await _at(platform, spoke, HERE)
    text = await refusal(platform, cluster, _login(fleet, spoke), "UPSTREAM_FAILED")
    assert text.startswith("the API server redirects to somewhere else (302); give the URL")
    assert "169.254" not in text


async def test_a_backend_at_a_metadata_address_is_named(
    platform: Platform, fleet: Running, spoke: RunningCluster
) -> None:
    urls = {"prometheus_url": moved(endpoints(spoke)["prometheus_url"] or "", METADATA)}
    cluster = await registered(platform, spoke, endpoints=urls)
    text = await refusal(platform, cluster, _login(fleet, spoke), "VALIDATION_FAILED")
    assert text.startswith(f"Prometheus: {METADATA}:")
    assert "a cloud metadata address, which is never connected to; give an address" in text


async def test_a_backend_that_redirects_to_a_metadata_address_is_not_followed(
    platform: Platform, fleet: Running, spoke: RunningCluster
) -> None:
    spoke.fail(Fault(FaultKind.REDIRECT, location=f"https://{METADATA}/"), Part.PROMETHEUS)
    cluster = await registered(platform, spoke)
    text = await refusal(platform, cluster, given(fleet, spoke), "UPSTREAM_FAILED")
    assert text == "Prometheus answered 302; give the URL that it redirects to"


async def test_an_openid_provider_at_a_metadata_address(
    platform: Platform, spoke: RunningCluster
) -> None:
    client = {"issuer_url": f"https://{METADATA}", "client_id": "hub"}
    body = {"auth_type": "OIDC", "oidc": client | {"client_secret": "planted-client-secret"}}
    cluster = await _at(platform, spoke, HERE)
    text = await refusal(platform, cluster, body, "CREDENTIALS_INVALID")
    assert text.startswith(f"the issuer {METADATA} is at {METADATA}, a cloud metadata address")
    assert "which is never connected to; give an address" in text
    assert NETWORK.connects == []


async def test_a_kubeconfig_cannot_lead_an_import_to_a_metadata_address(
    platform: Platform, fleet: Running, spoke: RunningCluster
) -> None:
    entry = replace(spoke.entry(), server=moved(spoke.api_url, METADATA))
    answer = await platform.http.post(
        f"{API}/clusters/import", json={"kubeconfig": kubeconfig([entry])}
    )
    assert answer.status_code == 200, answer.text
    (item,) = answer.json()["items"]
    assert (item["outcome"], item["code"]) == ("REFUSED", "VALIDATION_FAILED")
    assert "a cloud metadata address, which is never connected to" in item["message"]
    assert NETWORK.connects == []


@pytest.mark.parametrize("host", [METADATA, "[fd00:ec2::254]", "metadata.test", "169.254.10.1"])
async def test_what_a_setting_allows_may_be_reached(
    platform: Platform, fleet: Running, spoke: RunningCluster, host: str
) -> None:
    NAMES.known["metadata.test"] = [[METADATA]]
    networks = (f"{METADATA}/32", "fd00:ec2::254/128", "169.254.10.0/24")
    allowing = ClusterSettings(allowed_networks=networks)
    if platform.workers.settings.clusters != allowing:
        await _again(platform, platform.settings.model_copy(update={"clusters": allowing}))
    allowed = {"metadata.test": METADATA}.get(host, host).strip("[]")
    PERMITTED.add(allowed)
    cluster = await _at(platform, spoke, host)
    await _accepted(platform, cluster, _login(fleet, spoke))
    assert allowed in NETWORK.connects
