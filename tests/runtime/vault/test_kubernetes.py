"""Secrets in Kubernetes: the API's own form, its conflicts and its failures."""

import asyncio
import base64
import json
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable

import httpx
import pytest

from contracts.refusals import TryLater
from services.runtime.vault.kubernetes import KubernetesRefuses, KubernetesSecrets
from services.runtime.vault.sealing import CannotOpen
from services.runtime.vault.store import VaultUnavailable
from tests.kit.builders import CLUSTER_ID
from tests.runtime.vault.fake_kubernetes import COLLECTION, TOKEN, FakeKubernetes, status

pytestmark = pytest.mark.anyio

NAME = f"cluster-creds-{CLUSTER_ID}"
PLANTED = b"planted-secret"


@pytest.fixture
def store(kubernetes: FakeKubernetes) -> KubernetesSecrets:
    return KubernetesSecrets(kubernetes.client, "hub")


def _b64(material: bytes) -> str:
    return base64.b64encode(material).decode()


def _always(answer: Callable[[], httpx.Response]) -> Callable[..., Awaitable[httpx.Response]]:
    async def before(_: httpx.Request) -> httpx.Response:
        return answer()

    return before


async def test_a_cluster_has_one_secret_in_the_form_of_the_api(
    store: KubernetesSecrets, kubernetes: FakeKubernetes
) -> None:
    await store.put(CLUSTER_ID, "kubeconfig", PLANTED)
    await store.put(CLUSTER_ID, "prometheus", b"other")
    assert list(kubernetes.secrets) == [NAME]
    held = kubernetes.secrets[NAME]
    assert (held["apiVersion"], held["kind"], held["type"]) == ("v1", "Secret", "Opaque")
    assert held["data"] == {"kubeconfig": _b64(PLANTED), "prometheus": _b64(b"other")}
    assert held["metadata"]["labels"] == {"app.kubernetes.io/managed-by": "aiops-nextgen"}
    calls = [(request.method, request.url.path) for request in kubernetes.requests]
    own = f"{COLLECTION}/{NAME}"
    assert calls == [("GET", own), ("POST", COLLECTION), ("GET", own), ("PUT", own)]


async def test_what_others_have_noted_on_it_stays(
    store: KubernetesSecrets, kubernetes: FakeKubernetes
) -> None:
    noted = {"labels": {"team": "ran"}, "annotations": {"note": "ours"}, "finalizers": ["x/y"]}
    kubernetes.store(NAME, {"metadata": noted, "type": "example.com/own", "data": None})
    await store.put(CLUSTER_ID, "kubeconfig", PLANTED)
    held = kubernetes.secrets[NAME]
    assert held["metadata"]["labels"]["team"] == "ran"
    assert held["metadata"]["labels"]["app.kubernetes.io/managed-by"] == "aiops-nextgen"
    assert held["metadata"]["annotations"] == {"note": "ours"}
    assert held["metadata"]["finalizers"] == ["x/y"]
    assert held["type"] == "example.com/own"
    assert await store.get(CLUSTER_ID, "kubeconfig") == PLANTED


async def test_the_last_secret_takes_the_object_with_it(
    store: KubernetesSecrets, kubernetes: FakeKubernetes
) -> None:
    await store.put(CLUSTER_ID, "kubeconfig", PLANTED)
    await store.delete(CLUSTER_ID, "kubeconfig")
    assert kubernetes.secrets == {}


async def test_what_is_there_already_is_not_written_again(
    store: KubernetesSecrets, kubernetes: FakeKubernetes
) -> None:
    await store.put(CLUSTER_ID, "kubeconfig", PLANTED)
    await store.put(CLUSTER_ID, "kubeconfig", PLANTED)
    await store.delete(CLUSTER_ID, "loki")
    assert kubernetes.writes == 1


def _meddle(kubernetes: FakeKubernetes, method: str, times: int, act: Callable[[], object]) -> None:
    """Somebody else acts just before the first writes arrive."""
    left = times

    async def before(request: httpx.Request) -> None:
        nonlocal left
        if request.method == method and left:
            left -= 1
            act()

    kubernetes.before = before


async def test_a_change_by_others_meanwhile_is_kept(
    store: KubernetesSecrets, kubernetes: FakeKubernetes
) -> None:
    await store.put(CLUSTER_ID, "kubeconfig", b"one")

    def other() -> None:
        held = kubernetes.secrets[NAME]
        number = kubernetes.version
        kubernetes.store(NAME, {**held, "data": {**held["data"], f"n{number}": _b64(b"x")}})

    _meddle(kubernetes, "PUT", 3, other)
    await store.put(CLUSTER_ID, "kubeconfig", b"two")
    assert await store.get(CLUSTER_ID, "kubeconfig") == b"two"
    assert len(await store.names(CLUSTER_ID)) == 4


async def test_who_creates_it_first_loses_nothing(
    store: KubernetesSecrets, kubernetes: FakeKubernetes
) -> None:
    first = {"metadata": {}, "type": "Opaque", "data": {"loki": _b64(b"first")}}
    _meddle(kubernetes, "POST", 1, lambda: kubernetes.store(NAME, first))
    await store.put(CLUSTER_ID, "kubeconfig", b"second")
    assert await store.names(CLUSTER_ID) == ("kubeconfig", "loki")


async def test_what_was_removed_meanwhile_is_made_anew(
    store: KubernetesSecrets, kubernetes: FakeKubernetes
) -> None:
    await store.put(CLUSTER_ID, "kubeconfig", b"one")
    _meddle(kubernetes, "PUT", 1, lambda: kubernetes.secrets.pop(NAME))
    await store.put(CLUSTER_ID, "kubeconfig", b"two")
    assert await store.get(CLUSTER_ID, "kubeconfig") == b"two"


async def test_removing_the_last_one_takes_no_new_one_with_it(
    store: KubernetesSecrets, kubernetes: FakeKubernetes
) -> None:
    await store.put(CLUSTER_ID, "kubeconfig", b"one")
    held = kubernetes.secrets[NAME]
    added = {**held, "data": {**held["data"], "loki": _b64(b"new")}}
    _meddle(kubernetes, "DELETE", 1, lambda: kubernetes.store(NAME, added))
    assert await store.delete(CLUSTER_ID, "kubeconfig")
    assert await store.names(CLUSTER_ID) == ("loki",)


async def test_a_conflict_without_end_ends(
    store: KubernetesSecrets, kubernetes: FakeKubernetes
) -> None:
    await store.put(CLUSTER_ID, "kubeconfig", b"one")
    touch = lambda: kubernetes.store(NAME, kubernetes.secrets[NAME])  # noqa: E731
    _meddle(kubernetes, "PUT", 1000, touch)
    with pytest.raises(VaultUnavailable, match="changed by others"):
        await store.put(CLUSTER_ID, "kubeconfig", PLANTED)
    assert kubernetes.writes < 15


def _whole_text(error: BaseException) -> str:
    """All that a log could draw from an error, with everything that hangs on it."""
    told, seen = "", error
    while seen is not None:
        told += "".join(traceback.format_exception(seen)) + repr(vars(seen)) + repr(seen.args)
        seen = seen.__cause__ or seen.__context__
    return told


async def _failure(store: KubernetesSecrets) -> BaseException:
    with pytest.raises((TryLater, KubernetesRefuses, CannotOpen)) as told:
        await store.put(CLUSTER_ID, "kubeconfig", PLANTED)
    text = _whole_text(told.value)
    for hidden in (PLANTED.decode(), _b64(PLANTED), TOKEN):
        assert hidden not in text
    # The error of the client holds the request, and the request holds the secret.
    assert told.value.__context__ is None
    return told.value


@pytest.mark.parametrize("code", [500, 502, 503, 504, 429])
async def test_a_server_that_fails_is_asked_later(
    store: KubernetesSecrets, kubernetes: FakeKubernetes, code: int
) -> None:
    kubernetes.before = _always(lambda: status(code))
    assert isinstance(await _failure(store), VaultUnavailable)


@pytest.mark.parametrize("code", [400, 401, 403, 405, 415, 422, 302])
async def test_a_server_that_refuses_is_not_asked_again(
    store: KubernetesSecrets, kubernetes: FakeKubernetes, code: int
) -> None:
    kubernetes.before = _always(lambda: status(code))
    failure = await _failure(store)
    assert str(failure) == f"Kubernetes refuses GET of secrets in hub: HTTP {code}"
    assert len(kubernetes.requests) == 1


@pytest.mark.parametrize("code", [403, 422, 413])
async def test_a_write_that_is_refused_does_not_repeat_what_was_to_be_written(
    store: KubernetesSecrets, kubernetes: FakeKubernetes, code: int
) -> None:
    async def before(request: httpx.Request) -> httpx.Response | None:
        return None if request.method == "GET" else status(code)

    kubernetes.before = before
    assert str(await _failure(store)) == f"Kubernetes refuses POST of secrets in hub: HTTP {code}"


async def test_a_namespace_that_is_not_there_is_a_refusal(kubernetes: FakeKubernetes) -> None:
    failure = await _failure(KubernetesSecrets(kubernetes.client, "elsewhere"))
    assert isinstance(failure, KubernetesRefuses)
    assert failure.status == 404


@pytest.mark.parametrize(
    "body", [b"", b"null", b"[1]", b"{", b'{"metadata": {}, "data": "planted-secret"}', b"\xff"]
)
async def test_an_answer_that_is_no_secret_is_said_without_it(
    store: KubernetesSecrets, kubernetes: FakeKubernetes, body: bytes
) -> None:
    kubernetes.before = _always(lambda: httpx.Response(200, content=body))
    assert isinstance(await _failure(store), VaultUnavailable)


async def test_what_is_no_base64_does_not_open(
    store: KubernetesSecrets, kubernetes: FakeKubernetes
) -> None:
    kubernetes.store(NAME, {"metadata": {}, "data": {"kubeconfig": "*planted*"}})
    with pytest.raises(CannotOpen):
        await store.get(CLUSTER_ID, "kubeconfig")


@pytest.mark.parametrize("kind", [httpx.ConnectError, httpx.ReadTimeout, httpx.RemoteProtocolError])
async def test_a_broken_connection_is_told_without_the_request(
    store: KubernetesSecrets, kubernetes: FakeKubernetes, kind: type[httpx.TransportError]
) -> None:
    async def before(request: httpx.Request) -> httpx.Response | None:
        if request.method == "POST":
            raise kind(f"while sending {request.content!r}", request=request)
        return None

    kubernetes.before = before
    failure = await _failure(store)
    assert str(failure) == f"Kubernetes did not answer: {kind.__name__}"


async def test_a_server_that_never_answers_is_given_up(kubernetes: FakeKubernetes) -> None:
    async def before(_: httpx.Request) -> httpx.Response | None:
        await asyncio.Event().wait()
        return None

    kubernetes.before = before
    store = KubernetesSecrets(kubernetes.client, "hub", deadline=0.1)
    async with asyncio.timeout(20):
        assert str(await _failure(store)) == "Kubernetes did not answer: TimeoutError"


async def _drip() -> AsyncIterator[bytes]:
    while True:
        yield b" "
        await asyncio.sleep(0.01)


async def _flood() -> AsyncIterator[bytes]:
    for _ in range(1000):
        yield b" " * 65_536


async def test_an_answer_that_drips_is_given_up(kubernetes: FakeKubernetes) -> None:
    kubernetes.before = _always(lambda: httpx.Response(200, content=_drip()))
    store = KubernetesSecrets(kubernetes.client, "hub", deadline=0.2)
    async with asyncio.timeout(20):
        assert str(await _failure(store)) == "Kubernetes did not answer: TimeoutError"


async def test_an_answer_without_end_is_cut_off(
    store: KubernetesSecrets, kubernetes: FakeKubernetes
) -> None:
    kubernetes.before = _always(lambda: httpx.Response(200, content=_flood()))
    assert "more than 4194304 bytes" in str(await _failure(store))


async def test_a_secret_in_the_clear_is_never_in_an_address(
    store: KubernetesSecrets, kubernetes: FakeKubernetes
) -> None:
    await store.put(CLUSTER_ID, "kubeconfig", PLANTED)
    for request in kubernetes.requests:
        assert PLANTED.decode() not in str(request.url)
    assert json.loads(kubernetes.requests[-1].content)["data"] == {"kubeconfig": _b64(PLANTED)}
