"""Kubeconfigs that cannot be used are refused with the reason, quickly, and kept nowhere."""

import time
from collections.abc import AsyncGenerator
from dataclasses import replace
from typing import Any

import pytest
import yaml

from contracts.clusters import ClusterType
from deploy.simulator.fleet import Fleet
from deploy.simulator.kubeconfig import kubeconfig
from deploy.simulator.simulator import Running, RunningCluster, simulating
from services.clusters.kubeconfig import MAX_BYTES
from tests.kit.gateway import API, Json, Platform, refused
from tests.kit.leaks import hidden
from tests.kit.simulated import of_type, refusal, registered

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]

QUICK = 2.0
"""Seconds of CPU: whatever is sent, nobody's core is busy with it for longer."""


@pytest.fixture(scope="module")
async def fleet() -> AsyncGenerator[Running]:
    async with simulating(Fleet.make(4, seed=7)) as running:
        yield running


@pytest.fixture
def spoke(fleet: Running) -> RunningCluster:
    return of_type(fleet, ClusterType.SPOKE)


@pytest.fixture
async def cluster(platform: Platform, spoke: RunningCluster) -> Json:
    """The cluster, without credentials."""
    return await registered(platform, spoke, endpoints={})


def _given(text: str, **changes: object) -> Json:
    return {"auth_type": "KUBECONFIG", "kubeconfig": text} | changes


def _with(spoke: RunningCluster, *, user: Json | None = None, cluster: Json | None = None) -> str:
    """Its kubeconfig, with other fields of the user instead of all, or of the cluster besides."""
    told: dict[str, Any] = yaml.safe_load(kubeconfig([spoke.entry()]))
    if user is not None:
        told["users"][0]["user"] = user
    told["clusters"][0]["cluster"] |= cluster or {}
    return yaml.safe_dump(told)


async def _accepted(platform: Platform, cluster: Json, body: Json) -> Json:
    path = f"{API}/clusters/{cluster['id']}/credentials"
    answer = await platform.http.post(path, json=body)
    assert answer.status_code == 201, answer.text
    hidden(body, answer)
    return answer.json()


async def test_one_that_would_run_a_program(
    platform: Platform, spoke: RunningCluster, cluster: Json
) -> None:
    plugin = {"apiVersion": "client.authentication.k8s.io/v1", "command": "/tmp/planted-program"}
    plugin |= {"args": ["--password", "planted-argument"]}
    body = _given(_with(spoke, user={"exec": plugin}))
    text = await refusal(platform, cluster, body, "CREDENTIALS_INVALID")
    assert text.startswith("user.exec: ")
    assert "would run a program to log in, which is never done here" in text
    assert "`oc create token`" in text
    assert "planted" not in text


async def test_one_with_a_log_in_plugin(
    platform: Platform, spoke: RunningCluster, cluster: Json
) -> None:
    plugin = {"name": "oidc", "config": {"id-token": "planted-id-token"}}
    body = _given(_with(spoke, user={"auth-provider": plugin}))
    text = await refusal(platform, cluster, body, "CREDENTIALS_INVALID")
    assert "user.auth-provider: " in text
    assert "give a service-account token instead" in text
    assert "planted" not in text


@pytest.mark.parametrize("name", ["client-certificate", "client-key", "tokenFile"])
async def test_one_whose_user_names_a_file(
    platform: Platform, spoke: RunningCluster, cluster: Json, name: str
) -> None:
    user = {"token": spoke.account().token, name: "/etc/shadow"}
    body = _given(_with(spoke, user=user))
    text = await refusal(platform, cluster, body, "CREDENTIALS_INVALID")
    assert f"user.{name}: " in text
    assert "names a file, which cannot be read here: give the data inline" in text
    assert "/etc/shadow" not in text


async def test_one_whose_cluster_names_a_file(
    platform: Platform, spoke: RunningCluster, cluster: Json
) -> None:
    body = _given(_with(spoke, cluster={"certificate-authority": "/etc/passwd"}))
    text = await refusal(platform, cluster, body, "CREDENTIALS_INVALID")
    assert "cluster.certificate-authority: " in text
    assert "`kubectl config view --flatten --minify --raw`" in text
    assert "/etc/passwd" not in text


async def test_one_with_a_proxy_of_the_sender_s_choice(
    platform: Platform, spoke: RunningCluster, cluster: Json
) -> None:
    body = _given(_with(spoke, cluster={"proxy-url": "http://169.254.169.254:80"}))
    text = await refusal(platform, cluster, body, "CREDENTIALS_INVALID")
    assert "a proxy cannot be chosen by a kubeconfig" in text


async def test_several_contexts_of_which_none_is_current(
    platform: Platform, fleet: Running, spoke: RunningCluster, cluster: Json
) -> None:
    told = yaml.safe_load(kubeconfig([each.entry() for each in fleet.clusters.values()]))
    del told["current-context"]
    body = _given(yaml.safe_dump(told))
    text = await refusal(platform, cluster, body, "CREDENTIALS_INVALID")
    assert "it has no current context: name one of hub-1, edge-1, spoke-1" in text
    taken = await _accepted(platform, cluster, body | {"context": spoke.name})
    assert taken["auth_type"] == "KUBECONFIG"


async def test_a_context_that_is_not_there(
    platform: Platform, spoke: RunningCluster, cluster: Json
) -> None:
    body = _given(kubeconfig([spoke.entry()]), context="planted-elsewhere")
    text = await refusal(platform, cluster, body, "CREDENTIALS_INVALID")
    assert text.endswith("it has no context of the wanted name; there is spoke-1")


async def test_one_for_another_server(platform: Platform, fleet: Running, cluster: Json) -> None:
    hub = of_type(fleet, ClusterType.HUB).entry()
    body = _given(kubeconfig([replace(hub, server="https://api.elsewhere.test:6443")]))
    text = await refusal(platform, cluster, body, "CREDENTIALS_INVALID")
    assert "the context is for another API server than the one that is registered" in text
    assert "name another context, or change the cluster's api_server_url first" in text


def _of_size(spoke: RunningCluster, size: int) -> str:
    """Hundreds of contexts, as many as there is room for, and then comments."""
    entry = spoke.entry()
    one = len(kubeconfig([entry, replace(entry, name="another-one-of-them")]))
    several = (replace(entry, name=f"{entry.name}-{n}") for n in range(2, 2 * size // one - 20))
    text = kubeconfig([entry, *several])
    while len(text) < size:
        text += "#" + "x" * min(998, size - len(text) - 2) + "\n"
    assert len(text) == size
    return text


async def test_a_mebibyte_of_yaml_is_taken(
    platform: Platform, spoke: RunningCluster, cluster: Json
) -> None:
    text = _of_size(spoke, MAX_BYTES)
    begun = time.process_time()
    await _accepted(platform, cluster, _given(text))
    assert time.process_time() - begun < QUICK


async def test_a_byte_more_than_a_mebibyte_is_not(
    platform: Platform, spoke: RunningCluster, cluster: Json
) -> None:
    body = _given(_of_size(spoke, MAX_BYTES + 1))
    text = await refusal(platform, cluster, body, "LIMIT_REACHED")
    assert text == f"a kubeconfig may have at most {MAX_BYTES} bytes"


async def test_far_more_than_a_mebibyte_is_not_even_kept(
    platform: Platform, spoke: RunningCluster, cluster: Json
) -> None:
    body = _given(_of_size(spoke, 2 * MAX_BYTES))
    answer = await platform.http.post(f"{API}/clusters/{cluster['id']}/credentials", json=body)
    (field,) = refused(answer, "VALIDATION_FAILED")["details"]["fields"]
    assert field["field"] == "kubeconfig"
    assert "at most 1100000" in field["message"]
    hidden(body, answer)


_LAUGHS = "\n".join(
    ["a0: &a0 [planted, planted]"]
    + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 30)]
)
BOMBS = {
    "aliases": (_LAUGHS, "anchors are not taken (line 1)"),
    "alias": ("kind: Config\nusers: *planted", "aliases are not taken (line 2)"),
    "merge": ("base: {a: 1}\n<<: {b: 2}", "a key must be a text (line 2)"),
    "deep-list": ("[" * 500_000, "it is nested too deeply (line 1)"),
    "deep-map": ("\n".join(" " * n + "a:" for n in range(600)), "it is nested too deeply (line"),
    "nodes": ("[" + "a," * 400_000 + "]", "there are more than 100000 nodes"),
    "blanks": ("a:" + " " * 900_000 + "b", "there are more than 1000 blanks in a row"),
    "tags": ("!!python/object/apply:os.system ['true']", "tags are not taken (line 1)"),
    "documents": ("kind: Config\n" + "---\n{}\n" * 100, "there is more than one document"),
    "twice": ("users: []\nusers: []", "a key is given twice (line 2)"),
}


@pytest.mark.parametrize("name", BOMBS)
async def test_a_yaml_bomb_does_not_go_off(platform: Platform, cluster: Json, name: str) -> None:
    text, why = BOMBS[name]
    begun = time.process_time()
    told = await refusal(platform, cluster, _given(text), "CREDENTIALS_INVALID")
    assert time.process_time() - begun < QUICK
    assert told.startswith(f"this is no kubeconfig that can be used: {why}")
    assert "planted" not in told


NOT_YAML = {
    "braces": ("{{{{", "a key must be a text (line 1)"),
    "open": ("{users: [", "this is not YAML (line 2)"),
    "tab": ("kind: Config\n\tusers: []", "this is not YAML (line 2)"),
    "binary": ("\x00\x01\x02planted\x07", "this is not YAML"),
    "html": ("<html><body>planted</body></html>", "it is not a mapping"),
    "text": ("planted", "it is not a mapping"),
    "list": ("- planted", "it is not a mapping"),
    "pod": ("apiVersion: v1\nkind: Pod", "kind must be Config"),
    "users": ("users: planted", "users must be a list"),
    "empty-map": ("{}", "it has no current context: name one of none"),
}


@pytest.mark.parametrize("name", NOT_YAML)
async def test_what_is_no_kubeconfig_at_all(platform: Platform, cluster: Json, name: str) -> None:
    text, why = NOT_YAML[name]
    told = await refusal(platform, cluster, _given(text), "CREDENTIALS_INVALID")
    assert told.startswith(f"this is no kubeconfig that can be used: {why}")
    assert "planted" not in told


async def test_an_empty_one(platform: Platform, cluster: Json) -> None:
    told = await refusal(platform, cluster, _given(""), "CREDENTIALS_INVALID")
    assert told.startswith("this is no kubeconfig that can be used: ")


async def test_a_bomb_in_an_import_is_refused_and_kept_nowhere(platform: Platform) -> None:
    body = {"source": "KUBECONFIG", "kubeconfig": _LAUGHS}
    answer = await platform.http.post(f"{API}/clusters/import", json=body)
    assert "anchors are not taken" in refused(answer, "CREDENTIALS_INVALID")["message"]
    row = await platform.gate.database.fetch_one(
        "select count(*) from aiops.deposit where bound_to = 'import'"
    )
    assert row == (0,)


async def test_a_context_of_an_import_that_would_run_a_program_keeps_no_other_out(
    platform: Platform, fleet: Running
) -> None:
    told = yaml.safe_load(kubeconfig([each.entry() for each in fleet.clusters.values()]))
    told["users"][0]["user"] = {"exec": {"command": "/tmp/planted-program"}}
    body = {"kubeconfig": yaml.safe_dump(told), "dry_run": True, "names": {"edge-1": "other-edge"}}
    answer = await platform.http.post(f"{API}/clusters/import", json=body)
    assert answer.status_code == 200, answer.text
    items = {item["source"]: item for item in answer.json()["items"]}
    assert items["hub-1"]["outcome"] == "REFUSED"
    assert items["hub-1"]["code"] == "CREDENTIALS_INVALID"
    assert "would run a program" in items["hub-1"]["message"]
    assert items["edge-1"]["outcome"] == "WOULD_REGISTER", items["edge-1"]
    assert "planted" not in answer.text
