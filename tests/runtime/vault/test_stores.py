"""What every place that keeps secrets does, on PostgreSQL, on Kubernetes and in files."""

import asyncio
from pathlib import Path

import pytest

from services.runtime.clock import SystemClock
from services.runtime.database import Database
from services.runtime.ids import new_id
from services.runtime.vault.files import FileSecrets
from services.runtime.vault.keys import Keys
from services.runtime.vault.kubernetes import KubernetesSecrets
from services.runtime.vault.store import Resealed, SecretStore
from services.runtime.vault.table import TableSecrets
from tests.kit.builders import CLUSTER_ID, OTHER_CLUSTER_ID
from tests.runtime.vault.fake_kubernetes import FakeKubernetes

pytestmark = [pytest.mark.anyio, pytest.mark.postgres]


@pytest.fixture(params=["table", "kubernetes", "files"])
def store(
    request: pytest.FixtureRequest,
    database: Database,
    keys: Keys,
    kubernetes: FakeKubernetes,
    tmp_path: Path,
) -> SecretStore:
    if request.param == "files":
        return FileSecrets(tmp_path / "secrets", keys)
    if request.param == "table":
        return TableSecrets(database, keys, SystemClock())
    return KubernetesSecrets(kubernetes.client, "hub")


async def test_what_was_put_is_got(store: SecretStore) -> None:
    every_byte = bytes(range(256)) * 64
    await store.put(CLUSTER_ID, "kubeconfig", every_byte)
    await store.put(CLUSTER_ID, "empty", b"")
    assert await store.get(CLUSTER_ID, "kubeconfig") == every_byte
    assert await store.get(CLUSTER_ID, "empty") == b""


async def test_what_is_got_does_not_show_itself(store: SecretStore) -> None:
    await store.put(CLUSTER_ID, "kubeconfig", b"planted")
    assert "planted" not in repr(await store.get(CLUSTER_ID, "kubeconfig"))
    assert "planted" not in repr(store)


async def test_what_is_not_there_is_none(store: SecretStore) -> None:
    assert await store.get(CLUSTER_ID, "kubeconfig") is None
    assert await store.names(CLUSTER_ID) == ()
    assert not await store.delete(CLUSTER_ID, "kubeconfig")
    await store.destroy(CLUSTER_ID)
    await store.put(CLUSTER_ID, "kubeconfig", b"one")
    assert await store.get(CLUSTER_ID, "prometheus") is None
    assert await store.get(OTHER_CLUSTER_ID, "kubeconfig") is None


async def test_a_second_of_the_same_name_takes_the_place_of_the_first(store: SecretStore) -> None:
    await store.put(CLUSTER_ID, "kubeconfig", b"one")
    await store.put(CLUSTER_ID, "kubeconfig", b"two")
    assert await store.get(CLUSTER_ID, "kubeconfig") == b"two"
    assert await store.names(CLUSTER_ID) == ("kubeconfig",)


async def test_clusters_do_not_share_names(store: SecretStore) -> None:
    await store.put(CLUSTER_ID, "kubeconfig", b"one")
    await store.put(OTHER_CLUSTER_ID, "kubeconfig", b"two")
    await store.destroy(CLUSTER_ID)
    assert await store.get(CLUSTER_ID, "kubeconfig") is None
    assert await store.get(OTHER_CLUSTER_ID, "kubeconfig") == b"two"


async def test_names_come_in_order(store: SecretStore) -> None:
    for name in ("tempo", "loki", "a-b", "a.b", "a_b", "ab"):
        await store.put(CLUSTER_ID, name, b"x")
    assert await store.names(CLUSTER_ID) == ("a-b", "a.b", "a_b", "ab", "loki", "tempo")


async def test_one_is_removed_and_the_others_stay(store: SecretStore) -> None:
    await store.put(CLUSTER_ID, "kubeconfig", b"one")
    await store.put(CLUSTER_ID, "prometheus", b"two")
    assert await store.delete(CLUSTER_ID, "kubeconfig")
    assert not await store.delete(CLUSTER_ID, "kubeconfig")
    assert await store.names(CLUSTER_ID) == ("prometheus",)
    assert await store.delete(CLUSTER_ID, "prometheus")
    assert await store.names(CLUSTER_ID) == ()


async def test_a_replacement_leaves_no_other_secret(store: SecretStore) -> None:
    await store.put(CLUSTER_ID, "kubeconfig", b"one")
    await store.put(CLUSTER_ID, "loki", b"one")
    await store.put(OTHER_CLUSTER_ID, "loki", b"one")
    await store.replace(CLUSTER_ID, {"kubeconfig": b"two", "tempo": b"two"})
    assert await store.names(CLUSTER_ID) == ("kubeconfig", "tempo")
    assert await store.get(CLUSTER_ID, "kubeconfig") == b"two"
    assert await store.get(CLUSTER_ID, "tempo") == b"two"
    assert await store.get(OTHER_CLUSTER_ID, "loki") == b"one"
    await store.replace(CLUSTER_ID, {})
    assert await store.names(CLUSTER_ID) == ()


async def test_who_reads_during_a_rotation_always_finds_one_that_works(store: SecretStore) -> None:
    good = {f"token-{number}".encode() for number in range(30)}
    await store.replace(CLUSTER_ID, {"kubeconfig": b"token-0"})
    seen: list[bytes | None] = []

    async def rotate() -> None:
        for number in range(30):
            await store.replace(CLUSTER_ID, {"kubeconfig": f"token-{number}".encode()})

    async def read() -> None:
        while not rotation.done():
            seen.append(await store.get(CLUSTER_ID, "kubeconfig"))

    async with asyncio.TaskGroup() as tasks:
        rotation = tasks.create_task(rotate())
        tasks.create_task(read())
        tasks.create_task(read())
    assert set(seen) <= good
    assert len(seen) > 10


async def test_of_replacements_at_once_one_stands_whole(store: SecretStore) -> None:
    cluster = new_id()
    sets = [{f"a{n}": b"x%d" % n, f"b{n}": b"x%d" % n, "same": b"x%d" % n} for n in range(6)]
    await asyncio.gather(*(store.replace(cluster, each) for each in sets))
    names = await store.names(cluster)
    kept = {name: await store.get(cluster, name) for name in names}
    assert kept in sets


async def test_secrets_that_are_put_at_once_are_all_kept(store: SecretStore) -> None:
    await asyncio.gather(*(store.put(CLUSTER_ID, f"name-{n}", b"x") for n in range(6)))
    assert len(await store.names(CLUSTER_ID)) == 6


async def test_where_all_is_under_the_current_key_there_is_nothing_to_reseal(
    store: SecretStore,
) -> None:
    await store.put(CLUSTER_ID, "kubeconfig", b"one")
    assert await store.reseal(10) == Resealed(done=0, left=0, unreadable=0)
