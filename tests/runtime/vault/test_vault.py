"""The vault: kept for all who may, opened for those who are named, never told to anybody else."""

import asyncio
import base64
import logging

import pytest

from contracts.refusals import Code, Refused
from services.runtime.clock import SystemClock
from services.runtime.database import Database
from services.runtime.vault.keys import Keys
from services.runtime.vault.kubernetes import KubernetesSecrets
from services.runtime.vault.material import fingerprint
from services.runtime.vault.references import References
from services.runtime.vault.sealing import CannotOpen, Key, KeyRing
from services.runtime.vault.store import Resealed
from services.runtime.vault.table import TableSecrets
from services.runtime.vault.vault import MayNotOpen, Vault
from tests.kit.builders import CLUSTER_ID, COMMAND_ID, OTHER_CLUSTER_ID, START, at
from tests.runtime.vault.fake_kubernetes import FakeKubernetes

pytestmark = [pytest.mark.anyio, pytest.mark.postgres]

MAY_OPEN = {"clusters": frozenset({"kubeconfig", "loki"}), "telemetry": frozenset({"loki"})}
PLANTED = b"planted-secret-7f3a"


@pytest.fixture
def vault(database: Database, keys: Keys) -> Vault:
    return Vault(TableSecrets(database, keys, SystemClock()), MAY_OPEN)


async def test_what_is_kept_opens_for_who_may_open_it(vault: Vault) -> None:
    assert await vault.keep(CLUSTER_ID, "kubeconfig", PLANTED) == fingerprint(PLANTED)
    assert await vault.open(CLUSTER_ID, "kubeconfig", who="clusters") == PLANTED
    assert await vault.open(OTHER_CLUSTER_ID, "kubeconfig", who="clusters") is None


@pytest.mark.parametrize(
    ("who", "name"),
    [("telemetry", "kubeconfig"), ("chat", "loki"), ("", "loki"), ("clusters", "tempo")],
)
async def test_nobody_else_opens_it(vault: Vault, who: str, name: str) -> None:
    for each in ("kubeconfig", "loki", "tempo"):
        await vault.keep(CLUSTER_ID, each, PLANTED)
    with pytest.raises(MayNotOpen, match=f"{who} may not open {name}"):
        await vault.open(CLUSTER_ID, name, who=who)


@pytest.mark.parametrize("name", ["", "a/b", "A", "../x", "ü", "-x", ".x", "a\n", "x" * 64, "a b"])
async def test_a_name_is_one_that_every_store_takes(vault: Vault, name: str) -> None:
    with pytest.raises(Refused) as told:
        await vault.keep(CLUSTER_ID, name, PLANTED)
    assert told.value.code is Code.VALIDATION_FAILED
    with pytest.raises(Refused):
        await vault.replace(CLUSTER_ID, {"kubeconfig": PLANTED, name: PLANTED})
    assert await vault.names(CLUSTER_ID) == ()


async def test_a_secret_has_a_largest_size(vault: Vault) -> None:
    await vault.keep(CLUSTER_ID, "kubeconfig", b"x" * 262_144)
    with pytest.raises(Refused) as told:
        await vault.keep(CLUSTER_ID, "kubeconfig", b"y" * 262_145)
    assert told.value.code is Code.LIMIT_REACHED
    assert await vault.open(CLUSTER_ID, "kubeconfig", who="clusters") == b"x" * 262_144


async def test_a_replacement_tells_the_fingerprints_and_leaves_no_other(vault: Vault) -> None:
    await vault.keep(CLUSTER_ID, "tempo", b"old")
    told = await vault.replace(CLUSTER_ID, {"kubeconfig": b"a", "loki": b"b"})
    assert told == {"kubeconfig": fingerprint(b"a"), "loki": fingerprint(b"b")}
    assert await vault.names(CLUSTER_ID) == ("kubeconfig", "loki")


async def test_one_is_forgotten_or_all_are_destroyed(vault: Vault) -> None:
    for each in ("kubeconfig", "loki", "tempo"):
        await vault.keep(CLUSTER_ID, each, PLANTED)
    await vault.keep(OTHER_CLUSTER_ID, "loki", PLANTED)
    assert await vault.forget(CLUSTER_ID, "loki")
    assert await vault.names(CLUSTER_ID) == ("kubeconfig", "tempo")
    await vault.destroy(CLUSTER_ID)
    assert await vault.names(CLUSTER_ID) == ()
    assert await vault.names(OTHER_CLUSTER_ID) == ("loki",)


async def test_a_key_is_changed_while_secrets_are_kept_and_opened(database: Database) -> None:
    old, new = Key(b"o" * 32), Key(b"n" * 32)
    before = Vault(TableSecrets(database, _keys(old), SystemClock()), MAY_OPEN)
    after = Vault(TableSecrets(database, _keys(new, old), SystemClock()), MAY_OPEN)
    for number in range(12):
        await before.keep(CLUSTER_ID, f"name-{number}", PLANTED)
    await before.keep(CLUSTER_ID, "loki", b"0")

    async def reseal() -> None:
        while (await after.reseal(2)).left:
            pass

    async def keep() -> None:
        for number in range(20):
            await after.keep(CLUSTER_ID, "loki", b"%d" % number)
            opened = await after.open(CLUSTER_ID, "loki", who="telemetry")
            assert opened == b"%d" % number

    await asyncio.gather(reseal(), keep())
    assert await after.reseal(1) == Resealed(done=0, left=0)
    alone = Vault(TableSecrets(database, _keys(new), SystemClock()), MAY_OPEN)
    assert await alone.open(CLUSTER_ID, "loki", who="clusters") == b"19"


def _keys(*keys: Key) -> Keys:
    ring = KeyRing(keys)
    return Keys(lambda: ring)


def _spellings(secret: bytes) -> set[str]:
    """How a secret could look where it must not be."""
    encoded = {base64.b64encode(b"\0" * shift + secret).decode()[4:-4] for shift in range(3)}
    return {secret.decode(), secret.hex(), repr(list(secret)), *encoded}


async def _everything(
    vault: Vault, database: Database, keys: Keys, kubernetes: FakeKubernetes
) -> str:
    """All that the vault can do, with one secret; gives a reference."""
    references = References(database, keys)
    reference = await references.deposit(PLANTED, str(CLUSTER_ID), START)
    await references.deposit(PLANTED, str(OTHER_CLUSTER_ID), START)
    taken = await references.withdraw(reference, str(CLUSTER_ID), COMMAND_ID, at(1))
    assert taken is not None
    for each in (vault, Vault(KubernetesSecrets(kubernetes.client, "hub"), MAY_OPEN)):
        await each.keep(CLUSTER_ID, "kubeconfig", taken)
        await each.replace(CLUSTER_ID, {"kubeconfig": taken, "loki": taken})
        with pytest.raises(MayNotOpen):
            await each.open(CLUSTER_ID, "kubeconfig", who="chat")
        await each.reseal(10)
        await each.destroy(OTHER_CLUSTER_ID)
    return reference


async def _dump(database: Database) -> str:
    """Every row of every table that is not PostgreSQL's own, and what it knows of statements."""
    tables = await database.fetch_all(
        "select format('%I.%I', schemaname, tablename) from pg_tables"
        " where schemaname not in ('pg_catalog', 'information_schema')"
    )
    told = repr(await database.fetch_all("select query from pg_stat_activity"))
    for (table,) in tables:
        told += repr(await database.fetch_all(f"select t::text from {table} t"))
    assert "aiops.secret" in repr(tables)
    return told


async def test_the_whole_database_does_not_hold_the_secret_or_the_reference(
    vault: Vault, database: Database, keys: Keys, kubernetes: FakeKubernetes
) -> None:
    reference = await _everything(vault, database, keys, kubernetes)
    dump = await _dump(database)
    assert fingerprint(PLANTED) in dump
    for hidden in _spellings(PLANTED) | _spellings(reference.encode()) | _spellings(b"k" * 32):
        assert hidden not in dump


async def test_the_dump_would_show_a_secret_that_is_not_sealed(database: Database) -> None:
    await database.execute(
        "insert into aiops.secret values (%s, 'x', %s, '', '', now())", (CLUSTER_ID, PLANTED)
    )
    dump = await _dump(database)
    assert any(hidden in dump for hidden in _spellings(PLANTED))


async def test_no_line_of_the_log_holds_the_secret_or_the_reference(
    vault: Vault,
    database: Database,
    keys: Keys,
    kubernetes: FakeKubernetes,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, "httpx")
    reference = await _everything(vault, database, keys, kubernetes)
    printed = capsys.readouterr()
    logged = printed.out + printed.err + caplog.text
    for line in ("secret_kept", "secrets_replaced", "secrets_destroyed", "HTTP Request"):
        assert line in logged
    for hidden in _spellings(PLANTED) | {reference} | _spellings(b"k" * 32):
        assert hidden not in logged


async def test_an_error_of_a_store_does_not_hold_the_secret(
    vault: Vault, database: Database
) -> None:
    await vault.keep(CLUSTER_ID, "loki", PLANTED)
    await database.execute(
        "update aiops.secret set envelope = set_byte(envelope, 30, 255 - get_byte(envelope, 30))"
    )
    with pytest.raises(CannotOpen) as told:
        await vault.open(CLUSTER_ID, "loki", who="clusters")
    assert PLANTED.decode() not in repr(told.value)
    assert "store" not in repr(vault)
