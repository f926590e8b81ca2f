"""`aiops cluster add`: registered with credentials, or not at all."""

from pathlib import Path

import pytest
import yaml

from tests.deploy.cli.fake_gateway import Answer, FakeGateway, refusal
from tests.deploy.cli.running import Aiops

CERTIFICATE = "-----BEGIN CERTIFICATE-----\nQUJD\n-----END CERTIFICATE-----\n"
KUBECONFIG = """
current-context: "Lab Berlin"
contexts:
- {name: Lab Berlin, context: {cluster: lab, user: lab}}
- {name: cloud, context: {cluster: cloud, user: cloud}}
clusters:
- {name: lab, cluster: {server: "https://lab:6443", certificate-authority: ca.crt}}
- {name: cloud, cluster: {server: "https://cloud:6443"}}
users:
- {name: lab, user: {tokenFile: token}}
- {name: cloud, user: {exec: {command: aws}}}
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A folder with a kubeconfig and what it names."""
    (tmp_path / "config").write_text(KUBECONFIG)
    (tmp_path / "ca.crt").write_text(CERTIFICATE)
    (tmp_path / "token").write_text("the-clusters-token\n")
    (tmp_path / "prometheus-token").write_text("metrics-token\n")
    return tmp_path


def test_a_kubeconfigs_context_is_registered_and_its_credentials_given(
    aiops: Aiops, gateway: FakeGateway, home: Path
) -> None:
    said = aiops.well("cluster", "add", "--kubeconfig", str(home / "config"))
    assert said.out.startswith("lab-berlin is registered with credentials (")
    assert gateway.asked("POST", "/clusters") == [
        {"name": "lab-berlin", "api_server_url": "https://lab:6443"}
    ]
    (given,) = gateway.asked("POST", "/credentials")
    assert set(given) == {"auth_type", "kubeconfig", "context"}
    assert (given["auth_type"], given["context"]) == ("KUBECONFIG", "Lab Berlin")
    sent = yaml.safe_load(given["kubeconfig"])
    assert [each["user"] for each in sent["users"]] == [{"token": "the-clusters-token"}]
    assert "certificate-authority-data" in sent["clusters"][0]["cluster"]


def test_everything_that_can_be_told_is_told(
    aiops: Aiops, gateway: FakeGateway, home: Path
) -> None:
    said = aiops.well(
        *("cluster", "add", "edge-1", "--kubeconfig", str(home / "config"), "--json"),
        *("--type", "far-edge", "--platform", "microshift", "--environment", "production"),
        *("--region", "eu", "--label", "team=ran", "--label", "empty=", "--display-name", "One"),
        *("--prometheus-url", "https://prom", "--loki-url", "https://loki"),
        *("--prometheus-token-file", str(home / "prometheus-token")),
        *("--korrel8r-url", "https://korrel8r"),
        *("--korrel8r-token-file", str(home / "prometheus-token")),
        *("--ca-file", str(home / "ca.crt")),
    )
    assert said.told["name"] == "edge-1"
    (registration,) = gateway.asked("POST", "/clusters")
    assert registration == {
        "name": "edge-1",
        "api_server_url": "https://lab:6443",
        "cluster_type": "FAR_EDGE",
        "platform": "MICROSHIFT",
        "environment": "PRODUCTION",
        "region": "eu",
        "labels": {"team": "ran", "empty": ""},
        "display_name": "One",
        "endpoints": {
            "prometheus_url": "https://prom",
            "loki_url": "https://loki",
            "korrel8r_url": "https://korrel8r",
        },
    }
    (given,) = gateway.asked("POST", "/credentials")
    token = {"token": "metrics-token"}
    assert given["backends"] == {"prometheus": token, "korrel8r": token}
    assert given["ca_bundle"] == CERTIFICATE


def test_without_a_kubeconfig_a_token_is_a_service_accounts(
    aiops: Aiops, gateway: FakeGateway, home: Path
) -> None:
    words = ("cluster", "add", "edge-1", "--api-server-url", "https://edge-1:6443")
    aiops.well(*words, "--token-file", "-", "--ca-file", str(home / "ca.crt"), stdin="abc\n")
    (given,) = gateway.asked("POST", "/credentials")
    assert given == {"auth_type": "SERVICE_ACCOUNT", "token": "abc", "ca_bundle": CERTIFICATE}


def test_a_cluster_may_be_added_without_credentials(aiops: Aiops, gateway: FakeGateway) -> None:
    said = aiops.well("cluster", "add", "edge-1", "--api-server-url", "https://edge-1:6443")
    assert "is registered without credentials" in said.out
    assert gateway.asked("POST", "/credentials") == []


def test_refused_credentials_take_the_registration_back(
    aiops: Aiops, gateway: FakeGateway, home: Path
) -> None:
    validation = {
        "name": "API_SERVER",
        "valid": False,
        "error": "the account may not do enough",
        "advice": "bind it to the role cluster-reader",
        "missing": ["list nodes", "list pods"],
    }
    told = refusal(400, "CREDENTIALS_INVALID", "they were refused", validation=[validation])
    gateway.tell("POST", "/credentials", told)
    said = aiops("cluster", "add", "--kubeconfig", str(home / "config"))
    assert said.code == 1
    assert said.err == (
        "aiops: lab-berlin was not registered: CREDENTIALS_INVALID: they were refused;"
        " API_SERVER: the account may not do enough;"
        " API_SERVER: bind it to the role cluster-reader;"
        " API_SERVER: missing rights: list nodes, list pods\n"
    )
    assert gateway.clusters == {}
    assert "the-clusters-token" not in said.err + said.out


def test_advice_and_missing_rights_of_the_refusal_itself_are_told(
    aiops: Aiops, gateway: FakeGateway, home: Path
) -> None:
    details = {"advice": "try again later", "missing": ["get version"]}
    gateway.tell("POST", "/credentials", refusal(503, "CLUSTER_UNREACHABLE", "no way", **details))
    said = aiops("cluster", "add", "--kubeconfig", str(home / "config"))
    assert said.err.endswith(
        "CLUSTER_UNREACHABLE: no way; try again later; missing rights: get version\n"
    )


def test_what_the_message_says_already_is_not_said_again(
    aiops: Aiops, gateway: FakeGateway, home: Path
) -> None:
    message = "the rights are too few: list nodes, list pods; bind it to a role"
    validation = {
        "name": "API_SERVER",
        "error": "the rights are too few",
        "advice": "bind it to a role",
        "missing": ["list nodes", "list pods"],
    }
    told = refusal(400, "CREDENTIALS_INVALID", message, validation=[validation])
    gateway.tell("POST", "/credentials", told)
    said = aiops("cluster", "add", "--kubeconfig", str(home / "config"))
    assert said.err.endswith(f"CREDENTIALS_INVALID: {message}\n")


def test_a_registration_that_cannot_be_taken_back_is_told(
    aiops: Aiops, gateway: FakeGateway, home: Path
) -> None:
    gateway.tell("POST", "/credentials", refusal(502, "UPSTREAM_FAILED", "broken"))
    gateway.tell("DELETE", "", refusal(503, "BUS_UNAVAILABLE", "the bus is away"))
    said = aiops("cluster", "add", "--kubeconfig", str(home / "config"))
    assert said.code == 1
    assert "UPSTREAM_FAILED: broken" in said.err
    assert "could not be removed again: BUS_UNAVAILABLE" in said.err
    assert "aiops cluster rm lab-berlin" in said.err


def test_a_name_that_is_taken_stays_as_it_is(
    aiops: Aiops, gateway: FakeGateway, home: Path
) -> None:
    gateway.have("lab-berlin")
    said = aiops("cluster", "add", "--kubeconfig", str(home / "config"))
    assert (said.code, said.err) == (
        1,
        "aiops: CLUSTER_ALREADY_EXISTS: lab-berlin is registered\n",
    )
    assert len(gateway.clusters) == 1
    assert gateway.asked("DELETE") == []


def test_fields_that_are_not_valid_are_named(aiops: Aiops, gateway: FakeGateway) -> None:
    fields = [{"field": "labels", "message": "too many"}]
    gateway.tell("POST", "", refusal(422, "VALIDATION_FAILED", "no", fields=fields))
    said = aiops("cluster", "add", "edge-1", "--api-server-url", "https://edge-1:6443")
    assert said.err == "aiops: VALIDATION_FAILED: no; labels: too many\n"


def test_a_registration_that_becomes_visible_later_goes_on(
    aiops: Aiops, gateway: FakeGateway, home: Path
) -> None:
    cluster = gateway.have("lab-berlin")
    pending = Answer(202, {"command_id": "7", "outcome": "pending"})
    gateway.tell("POST", "/clusters", pending)
    outcome = Answer(200, {"outcome": "accepted", "id": cluster["id"]})
    gateway.tell("GET", "/commands/7", outcome)
    gateway.tell("GET", cluster["id"], refusal(404, "CLUSTER_NOT_FOUND", "not yet"))
    aiops.well("cluster", "add", "--kubeconfig", str(home / "config"))
    assert len(gateway.asked("POST", f"{cluster['id']}/credentials")) == 1


def test_a_plugin_is_refused_before_anything_is_sent(
    aiops: Aiops, gateway: FakeGateway, home: Path
) -> None:
    said = aiops("cluster", "add", "--kubeconfig", str(home / "config"), "--context", "cloud")
    assert said.code == 1
    assert "the user entry cloud runs a program to log in" in said.err
    assert "kubectl create token" in said.err
    assert gateway.requests == []


def test_a_token_takes_the_place_of_a_plugin(
    aiops: Aiops, gateway: FakeGateway, home: Path
) -> None:
    words = ("cluster", "add", "--kubeconfig", str(home / "config"), "--context", "cloud")
    aiops.well(*words, "--token-file", str(home / "token"))
    (given,) = gateway.asked("POST", "/credentials")
    users = yaml.safe_load(given["kubeconfig"])["users"]
    assert users == [{"name": "cloud", "user": {"token": "the-clusters-token"}}]


def test_another_api_server_is_where_the_credentials_lead(
    aiops: Aiops, gateway: FakeGateway, home: Path
) -> None:
    words = ("cluster", "add", "--kubeconfig", str(home / "config"))
    aiops.well(*words, "--api-server-url", "https://public:6443")
    assert gateway.asked("POST", "/clusters")[0]["api_server_url"] == "https://public:6443"
    (given,) = gateway.asked("POST", "/credentials")
    cluster = yaml.safe_load(given["kubeconfig"])["clusters"][0]["cluster"]
    assert cluster["server"] == "https://public:6443"


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("edge-1",), "a NAME and --api-server-url are needed"),
        (("edge-1", "--api-server-url", "https://a", "--context", "b"), "belongs to a --kube"),
        (("edge-1", "--api-server-url", "https://a", "--type", "moon"), "--type must be one of"),
        (("edge-1", "--api-server-url", "https://a", "--label", "x"), "must be key=value"),
        (("edge-1", "--api-server-url", "https://a", "--ca-file", "ca.crt"), "need --kubeconfig"),
        (("--kubeconfig", "missing"), "missing cannot be read: No such file"),
        (("--kubeconfig", "-", "--token-file", "-"), "standard input is for --kubeconfig already"),
        (("edge-1", "--api-server-url", "https://a", "--token-file", "empty"), "empty is empty"),
    ],
)
def test_wrong_use_is_one_line_and_asks_nobody(
    aiops: Aiops,
    gateway: FakeGateway,
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    words: tuple[str, ...],
    why: str,
) -> None:
    (home / "empty").write_text("\n")
    monkeypatch.chdir(home)
    said = aiops("cluster", "add", *words, stdin=KUBECONFIG)
    assert said.code == 2
    assert why in said.err
    assert said.err.count("\n") == 1
    assert gateway.requests == []


def test_no_secret_can_be_given_on_the_command_line(aiops: Aiops) -> None:
    said = aiops("cluster", "add", "--token", "abc")
    assert said.code == 2
    assert "No such option" in said.err
