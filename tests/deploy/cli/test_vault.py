"""`aiops vault`: a new key, and everything under it, while the platform goes on."""

import re
import uuid
from pathlib import Path

import psycopg
import pytest

from services.runtime.vault.keys import FILE, find_keys
from services.runtime.vault.sealing import key_id
from tests.kit.hub import Hub, running_hub

pytestmark = [pytest.mark.flow, pytest.mark.timeout(180)]


def _kept(hub: Hub) -> set[str]:
    with psycopg.connect(hub.run["database"]) as connection:
        return {row[0] for row in connection.execute("select key_id from aiops.secret").fetchall()}


def test_a_rotated_key_seals_what_was_there_and_what_comes(tmp_path: Path) -> None:
    with running_hub(tmp_path / "hub") as hub:
        assert "0 secrets" in hub.aiops("vault", "rotate-key")
        _deposit_by_hand(hub)
        (before,) = _kept(hub)
        said = hub.aiops("vault", "rotate-key")
        assert "1 secrets are under key" in said
        (after,) = _kept(hub)
        assert after != before
        assert re.search(rf"key {after}", said)
        keys = (hub.directory / "vault" / FILE).read_text().split()
        assert len(keys) >= 2
        assert "0 secrets" in hub.aiops("vault", "reseal")


def _deposit_by_hand(hub: Hub) -> None:
    """A secret as the platform keeps it, without a cluster that would have to answer."""
    keys = find_keys((), hub.directory / "vault")
    cluster = uuid.UUID(int=7)
    envelope = keys.seal(b"secret", f"secret/{cluster}/kubernetes")
    with psycopg.connect(hub.run["database"], autocommit=True) as connection:
        connection.execute(
            "insert into aiops.secret (cluster_id, name, envelope, key_id, fingerprint, updated_at)"
            " values (%s, 'kubernetes', %s, %s, '', now())",
            (cluster, envelope, key_id(envelope)),
        )
