import base64
import json
import time
from typing import Any

import pytest
import yaml

from contracts.refusals import Code, Refused
from services.clusters import kubeconfig

CERTIFICATE = "-----BEGIN CERTIFICATE-----\nTUlJQg==\n-----END CERTIFICATE-----\n"
KEY = "-----BEGIN PRIVATE KEY-----\naHVudGVyMg==\n-----END PRIVATE KEY-----\n"
LOCKED = KEY.replace("PRIVATE", "ENCRYPTED PRIVATE")
MIB = 1 << 20
SERVER = "https://api.edge-berlin-1.example.com:6443"


def coded(pem: str) -> str:
    return base64.b64encode(pem.encode()).decode()


def config(
    cluster: Any = None, user: Any = None, current: str | None = "edge", **document: Any
) -> dict[str, Any]:
    cluster = {"server": SERVER} if cluster is None else cluster
    user = {"token": "hunter2"} if user is None else user
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "c1", "cluster": cluster}],
        "users": [{"name": "u1", "user": user}],
        "contexts": [{"name": "edge", "context": {"cluster": "c1", "user": "u1"}}],
        "current-context": current,
    } | document


def one(document: dict[str, Any], context: str | None = None) -> kubeconfig.Context:
    return kubeconfig.one(yaml.safe_dump(document), context)


def problems(document: dict[str, Any]) -> dict[str, str]:
    found = kubeconfig.read(json.dumps(document)).problems
    return {problem.field: problem.message for problem in found}


def refusal(text: str) -> Refused:
    with pytest.raises(Refused) as caught:
        kubeconfig.read(text)
    return caught.value


def test_a_context_joins_its_cluster_and_its_user() -> None:
    cluster = {
        "server": SERVER,
        "certificate-authority-data": coded(CERTIFICATE),
        "tls-server-name": "api.internal",
        "extensions": [{"name": "minikube.sigs.k8s.io", "extension": {"version": 1.2}}],
    }
    user = {
        "token": "hunter2",
        "client-certificate-data": coded(CERTIFICATE),
        "client-key-data": coded(KEY),
    }
    assert one(config(cluster, user)) == kubeconfig.Context(
        name="edge",
        cluster="c1",
        user="u1",
        server=SERVER,
        tls_server_name="api.internal",
        ca_pem=CERTIFICATE,
        token="hunter2",
        client_certificate_pem=CERTIFICATE,
        client_key_pem=KEY,
    )


def test_json_is_read_like_yaml() -> None:
    document = config()
    assert kubeconfig.one(json.dumps(document, indent="\t")) == one(document)
    assert kubeconfig.one(json.dumps(document)) == one(document)


def test_base64_may_be_wrapped_and_a_token_may_end_its_line() -> None:
    wrapped = "\n".join(coded(CERTIFICATE)[at : at + 20] for at in range(0, 200, 20))
    cluster = {"server": SERVER, "certificate-authority-data": wrapped}
    context = one(config(cluster, {"token": "hunter2\n"}))
    assert (context.ca_pem, context.token) == (CERTIFICATE, "hunter2")


def test_verification_is_left_out_only_where_the_file_says_so() -> None:
    assert not one(config()).insecure_skip_tls_verify
    for said in (True, False, None):
        cluster = {"server": SERVER, "insecure-skip-tls-verify": said}
        assert one(config(cluster)).insecure_skip_tls_verify is (said is True)


@pytest.mark.parametrize("token", ["12345", "true", "null", "0x1f", "1e5", "2026-03-01"])
def test_a_token_is_its_text_whatever_yaml_makes_of_it(token: str) -> None:
    text = yaml.safe_dump(config()).replace("hunter2", f'"{token}"')
    assert kubeconfig.one(text).token == token
    plain = yaml.safe_dump(config()).replace("hunter2", token)
    outcome = kubeconfig.read(plain)
    assert [each.token for each in outcome.contexts] == ([] if token == "null" else [token])


def test_secrets_are_left_out_of_every_repr() -> None:
    user = {"token": "hunter2", "client-certificate-data": coded(CERTIFICATE)}
    document = config(user=user | {"client-key-data": coded(KEY)})
    shown = repr(kubeconfig.read(json.dumps(document)))
    for secret in ("hunter2", "PRIVATE KEY", "TUlJQg", coded(KEY)):
        assert secret not in shown
    assert SERVER in shown


@pytest.mark.parametrize(
    ("field", "user"),
    [
        ("user.exec", {"exec": {"command": "hunter2"}}),
        ("user.exec", {"exec": {}}),
        ("user.exec", {"token": "t", "exec": {"command": "aws", "args": ["hunter2"]}}),
        ("user.auth-provider", {"auth-provider": {"name": "hunter2"}}),
        ("user.username", {"username": "hunter2", "password": "hunter2"}),
        ("user.password", {"token": "t", "password": "hunter2"}),
    ],
)
def test_what_is_no_token_or_certificate_is_refused_with_what_to_do(
    field: str, user: dict[str, Any]
) -> None:
    message = problems(config(user=user))[field]
    assert "u1" in message
    assert "oc create token" in message
    assert "hunter2" not in message


@pytest.mark.parametrize(
    ("field", "cluster", "user"),
    [
        ("cluster.certificate-authority", {"certificate-authority": "/hunter2"}, {}),
        ("user.client-certificate", {}, {"client-certificate": "/hunter2"}),
        ("user.client-key", {}, {"client-key": "hunter2.pem"}),
        ("user.tokenFile", {}, {"tokenFile": "/var/run/hunter2"}),
    ],
)
def test_a_file_is_never_read(field: str, cluster: dict[str, Any], user: dict[str, Any]) -> None:
    document = config({"server": SERVER} | cluster, {"token": "t"} | user)
    found = problems(document)
    assert list(found) == [field]
    assert "kubectl config view --flatten --minify --raw" in found[field]
    assert "hunter2" not in found[field]


@pytest.mark.parametrize(
    ("field", "cluster"),
    [
        ("cluster.proxy-url", {"proxy-url": "http://hunter2"}),
        ("cluster.server", {"server": None}),
        ("cluster.server", {"server": "api.example.com:6443"}),
        ("cluster.server", {"server": "ftp://hunter2"}),
        ("cluster.server", {"server": "https://u:hunter2@host"}),
        ("cluster.server", {"server": "https://ho st"}),
        ("cluster.server", {"server": "https://[::1"}),
        ("cluster.server", {"server": "https://host:99999"}),
        ("cluster.server", {"server": "https://:6443"}),
        ("cluster.server", {"server": f"https://host/{'a' * 2048}"}),
        ("cluster.server", {"server": ["hunter2"]}),
        ("cluster.insecure-skip-tls-verify", {"insecure-skip-tls-verify": "hunter2"}),
        ("cluster.certificate-authority-data", {"certificate-authority-data": "hunter2!"}),
        ("cluster.certificate-authority-data", {"certificate-authority-data": coded("hunter2")}),
        ("cluster.certificate-authority-data", {"certificate-authority-data": coded("é")}),
        (
            "cluster.insecure-skip-tls-verify",
            {
                "insecure-skip-tls-verify": True,
                "certificate-authority-data": coded(CERTIFICATE),
            },
        ),
    ],
)
def test_a_bad_cluster_entry_is_named_without_its_values(
    field: str, cluster: dict[str, Any]
) -> None:
    found = problems(config({"server": SERVER} | cluster))
    assert field in found
    assert "c1" in found[field]
    assert "hunter2" not in str(found)


@pytest.mark.parametrize(
    ("field", "user"),
    [
        ("user.token", {}),
        ("user.token", {"token": ""}),
        ("user.token", {"token": "hunter2\r\nX-Evil: 1"}),
        ("user.token", {"token": "hünter2"}),
        ("user.client-key-data", {"client-certificate-data": coded(CERTIFICATE)}),
        ("user.client-certificate-data", {"client-key-data": coded(KEY)}),
        (
            "user.client-key-data",
            {"client-certificate-data": coded(CERTIFICATE), "client-key-data": coded(LOCKED)},
        ),
        (
            "user.client-key-data",
            {"client-certificate-data": coded(CERTIFICATE), "client-key-data": coded("hunter2")},
        ),
        ("user.as", {"token": "t", "as": "hunter2"}),
        ("user.as-groups", {"token": "t", "as-groups": ["hunter2"]}),
        ("user", "hunter2"),
    ],
)
def test_a_bad_user_entry_is_named_without_its_values(field: str, user: Any) -> None:
    found = problems(config(user=user))
    assert field in found
    assert "u1" in found[field]
    assert "hunter2" not in str(found)


def test_one_bad_context_leaves_the_others_alone() -> None:
    contexts = [
        {"name": "good", "context": {"cluster": "c1", "user": "u1"}},
        {"name": "no cluster", "context": {"cluster": "c2", "user": "u1"}},
        {"name": "no user", "context": {"cluster": "c1"}},
        {"name": "twice", "context": {"cluster": "c1", "user": "u1"}},
        {"name": "twice", "context": {"cluster": "c1", "user": "u1"}},
        {"name": "empty"},
    ]
    found = kubeconfig.read(json.dumps(config(contexts=contexts)))
    assert [context.name for context in found.contexts] == ["good"]
    assert found.names == ("good", "no cluster", "no user", "twice", "empty")
    assert [(problem.context, problem.field) for problem in found.problems] == [
        ("no cluster", "context.cluster"),
        ("no user", "context.user"),
        ("twice", "context.name"),
        ("empty", "context.cluster"),
        ("empty", "context.user"),
    ]


def test_two_entries_of_one_name_are_a_problem_of_who_uses_them() -> None:
    users = [{"name": name, "user": {"token": "t"}} for name in ("u1", "u1")]
    assert list(problems(config(users=users))) == ["context.user"]


def test_the_context_is_the_wanted_the_current_or_the_only_one() -> None:
    pair = [{"name": n, "context": {"cluster": "c1", "user": "u1"}} for n in ("a", "b")]
    assert one(config(contexts=pair, current="b")).name == "b"
    assert one(config(contexts=pair, current="b"), "a").name == "a"
    assert one(config(current=None)).name == "edge"
    with pytest.raises(Refused, match="a, b") as caught:
        one(config(contexts=pair, current=None))
    assert caught.value.code is Code.CREDENTIALS_INVALID
    with pytest.raises(Refused, match="edge"):
        one(config(), "other")
    with pytest.raises(Refused, match="edge"):
        one(config(current="gone"))


def test_a_wanted_context_with_problems_is_refused_field_by_field() -> None:
    user = {"exec": {"command": "hunter2"}, "tokenFile": "/hunter2"}
    with pytest.raises(Refused, match="u1") as caught:
        one(config(user=user))
    assert caught.value.code is Code.CREDENTIALS_INVALID
    assert caught.value.details["context"] == "edge"
    assert {each["field"] for each in caught.value.details["fields"]} == {
        "user.exec",
        "user.tokenFile",
    }
    assert "hunter2" not in f"{caught.value}{caught.value.details}"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hunter2",
        "[hunter2]",
        "kind: Secret",
        "apiVersion: v2",
        "clusters: hunter2",
        "clusters: [hunter2]",
        "contexts: [{name: ''}]",
        'users: [{name: "hunter2\\0"}]',
        "users: [{name: [hunter2]}]",
        f"users: [{{name: {'n' * 513}}}]",
        "a: hunter2\na: hunter2",
        "{a: hunter2, ? [b] : c}",
        "<<: {kind: hunter2}",
        "a: &hunter2 b",
        "a: *hunter2",
        "a: !hunter2 b",
        "a: !!python/object:os.system hunter2",
        "a: !!binary aHVudGVyMg==",
        "%YAML 1.1\n---\nkind: Config",
        "kind: Config\n---\nkind: Config",
        "kind: Config\n  hunter2: [",
        "hunter2: '\ud800",
        "hunter2: '\0'",
        "[" * 200 + "]" * 200,
    ],
)
def test_what_is_no_kubeconfig_is_refused_and_never_repeated(text: str) -> None:
    refused = refusal(text)
    assert refused.code is Code.CREDENTIALS_INVALID
    told = f"{refused}{refused.details}{refused.__cause__}{refused.__context__}"
    assert "hunter2" not in told


def test_a_refusal_says_in_which_line_the_text_goes_wrong() -> None:
    assert "line 3" in str(refusal("kind: Config\nusers: []\nusers: []\n"))


def test_plain_tags_are_taken() -> None:
    text = yaml.safe_dump(config()).replace("hunter2", "!!str 123")
    assert kubeconfig.one(text).token == "123"


def test_a_kubeconfig_of_one_mebibyte_is_read_and_a_longer_one_is_not() -> None:
    text = yaml.safe_dump(config())
    filled = text + "#" * (MIB - len(text))
    assert kubeconfig.one(filled).name == "edge"
    assert refusal(filled + "#").code is Code.LIMIT_REACHED
    assert refusal(text + "#" + "é" * (MIB // 2)).code is Code.LIMIT_REACHED


def test_a_thousand_contexts_are_read_and_no_more() -> None:
    contexts = [{"name": f"x{n}", "context": {"cluster": "c1", "user": "u1"}} for n in range(1001)]
    found = kubeconfig.read(json.dumps(config(contexts=contexts[:1000])))
    assert len(found.contexts) == 1000
    assert refusal(json.dumps(config(contexts=contexts))).code is Code.LIMIT_REACHED


SHARED = {
    "blanks": (" " * 900 + "=") * 1_000,
    "certificates": coded(CERTIFICATE * 9_000),
    "half certificates": coded("-----BEGIN CERTIFICATE-----\n" * 24_000),
    "digits": "1" * 900_000,
}


@pytest.mark.parametrize("data", SHARED)
def test_an_entry_that_all_contexts_share_is_read_once(data: str) -> None:
    contexts = [{"name": str(n), "context": {"cluster": "c1", "user": "u1"}} for n in range(1000)]
    cluster = {"server": SERVER, "certificate-authority-data": SHARED[data]}
    text = json.dumps(config(cluster, contexts=contexts))
    assert len(text) <= MIB
    before = time.process_time()
    assert len(kubeconfig.read(text).names) == 1000
    assert time.process_time() - before < 1
