"""Kubeconfigs of this machine become ones that can be sent: files inlined, the rest left out."""

import base64
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.cli.flatten import Instead, LocalKubeconfig, NotUsable
from services.clusters import kubeconfig

CERTIFICATE = "-----BEGIN CERTIFICATE-----\nQUJD\n-----END CERTIFICATE-----\n"
# In parts: no private key may stand in the repository, not even one that is none.
KEY = "-----BEGIN " + "PRIVATE KEY-----\nQUJD\n-----END PRIVATE KEY-----\n"
MINIKUBE = """
apiVersion: v1
kind: Config
current-context: minikube
preferences: {}
contexts:
- name: minikube
  context: {cluster: minikube, user: minikube, namespace: default}
- name: other
  context: {cluster: other, user: other}
clusters:
- name: minikube
  cluster:
    server: https://192.168.49.2:8443
    certificate-authority: ca.crt
    extensions:
    - name: cluster_info
      extension: {provider: minikube.sigs.k8s.io, version: v1.38.0}
- name: other
  cluster: {server: "https://other:6443", insecure-skip-tls-verify: true}
users:
- name: minikube
  user: {client-certificate: profiles/client.crt, client-key: profiles/client.key}
- name: other
  user: {token: "secret-of-another"}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where minikube keeps what its kubeconfig names."""
    (tmp_path / "profiles").mkdir()
    (tmp_path / "ca.crt").write_text(CERTIFICATE)
    (tmp_path / "profiles" / "client.crt").write_text(CERTIFICATE)
    (tmp_path / "profiles" / "client.key").write_text(KEY)
    return tmp_path


def one_user(user: str, cluster: str = "server: https://api:6443") -> str:
    return (
        "contexts: [{name: it, context: {cluster: it, user: it}}]\n"
        f"clusters: [{{name: it, cluster: {{{cluster}}}}}]\n"
        f"users: [{{name: it, user: {{{user}}}}}]\n"
    )


def flat_user(text: str, folder: Path) -> Any:
    flat = LocalKubeconfig.read(text, folder).flattened()
    return yaml.safe_load(flat.text)["users"][0]["user"]


def test_files_are_inlined_so_that_the_hub_can_read_the_context(folder: Path) -> None:
    flat = LocalKubeconfig.read(MINIKUBE, folder).flattened(["minikube"])
    context = kubeconfig.one(flat.text)
    assert flat.notices == ()
    assert context.server == "https://192.168.49.2:8443"
    assert context.ca_pem == context.client_certificate_pem == CERTIFICATE
    assert context.client_key_pem == KEY


def test_what_the_chosen_contexts_do_not_name_stays_at_home(folder: Path) -> None:
    flat = LocalKubeconfig.read(MINIKUBE, folder).flattened(["minikube"])
    assert kubeconfig.read(flat.text).names == ("minikube",)
    assert "secret-of-another" not in flat.text
    assert "secret-of-another" not in repr(flat)


def test_without_a_choice_every_context_is_there(folder: Path) -> None:
    found = kubeconfig.read(LocalKubeconfig.read(MINIKUBE, folder).flattened().text)
    assert found.names == ("minikube", "other")
    assert found.current == "minikube"
    assert [each.insecure_skip_tls_verify for each in found.contexts] == [False, True]


def test_a_tokens_file_comes_before_a_token_and_data_before_a_file(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("from-the-file\n")
    text = one_user("token: inline, tokenFile: token")
    assert flat_user(text, tmp_path) == {"token": "from-the-file"}
    data = base64.b64encode(b"certificate").decode()
    text = one_user(f"client-certificate: nowhere, client-certificate-data: {data}")
    assert flat_user(text, tmp_path) == {"client-certificate-data": data}


def test_absolute_paths_are_taken_as_they_are(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("abc")
    text = one_user(f"tokenFile: {tmp_path / 'token'}")
    assert flat_user(text, Path("/nowhere")) == {"token": "abc"}


@pytest.mark.parametrize(
    ("user", "what"),
    [
        ("tokenFile: missing", "there is no file"),
        ("tokenFile: .", "there is no file"),
        ("tokenFile: long", "is longer than 262144 bytes"),
        ('tokenFile: "a\\0b"', "there is no file"),
    ],
)
def test_a_file_that_cannot_be_read_is_noticed_and_left_to_the_hub(
    tmp_path: Path, user: str, what: str
) -> None:
    (tmp_path / "long").write_bytes(b"x" * 300_000)
    flat = LocalKubeconfig.read(one_user(user), tmp_path).flattened()
    (notice,) = flat.notices
    assert notice.startswith("tokenFile of the user entry it: ")
    assert what in notice
    assert "tokenFile" in flat.text


@pytest.mark.parametrize(
    ("user", "what"),
    [
        ("exec: {command: aws, args: [top-secret]}", "runs a program to log in"),
        ("auth-provider: {name: oidc}", "logs in by a plugin"),
    ],
)
def test_plugins_are_told_with_what_to_do_instead(user: str, what: str) -> None:
    flat = LocalKubeconfig.read(one_user(user), Path()).flattened()
    (notice,) = flat.notices
    assert f"the user entry it {what}, which the hub never does" in notice
    assert "kubectl create token" in notice
    assert "top-secret" not in notice


def test_another_token_and_server_take_the_place_of_what_is_there() -> None:
    local = LocalKubeconfig.read(one_user("exec: {command: aws}"), Path())
    flat = local.flattened(instead=Instead(server="https://tunnel:6443", token="abc"))
    context = kubeconfig.one(flat.text)
    assert flat.notices == ()
    assert (context.server, context.token) == ("https://tunnel:6443", "abc")


def test_the_current_or_the_only_context_is_chosen() -> None:
    assert LocalKubeconfig.read(MINIKUBE, Path()).chosen(None) == "minikube"
    assert LocalKubeconfig.read(MINIKUBE, Path()).chosen("other") == "other"
    assert LocalKubeconfig.read(one_user("token: a"), Path()).chosen(None) == "it"


@pytest.mark.parametrize(
    ("text", "context", "why"),
    [
        (MINIKUBE, "nope", "has no context nope; there is minikube, other"),
        (MINIKUBE.replace("current-context: minikube\n", ""), None, "choose one by --context"),
        ("contexts: []", None, "choose one by --context (none)"),
    ],
)
def test_a_context_that_is_not_there_is_told_with_those_that_are(
    text: str, context: str | None, why: str
) -> None:
    with pytest.raises(NotUsable) as told:
        LocalKubeconfig.read(text, Path()).chosen(context)
    assert why in str(told.value)


@pytest.mark.parametrize("text", ["- a", "a: &x 1\nb: *x", "{", "x" * ((1 << 20) + 1)])
def test_what_is_no_kubeconfig_is_said_to_be_none(text: str) -> None:
    with pytest.raises(NotUsable, match="kubeconfig"):
        LocalKubeconfig.read(text, Path())
