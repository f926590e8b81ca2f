"""The database: whether it lets us in, is one that we know, has connections left, and its clock."""

from collections.abc import AsyncIterator

from deploy.doctor.findings import Finding, finding
from deploy.platform import PARTS
from services.runtime.clock import Clock
from services.runtime.database import Database, DatabaseUnavailable
from services.runtime.outside import vault_keys
from services.runtime.settings import InvalidSettings, Settings

_OLDEST = 15
_SKEW = 2.0
_AT_MOST = "AIOPS_DATABASE__POOL_SIZE"


async def examine(settings: Settings, clock: Clock) -> AsyncIterator[Finding]:
    """Everything about the database; one line only if it cannot be reached."""
    database = Database(settings.database, "doctor")
    try:
        await database.open()
        row = await database.fetch_one(
            "select current_setting('server_version_num')::int / 10000,"
            " current_setting('server_encoding'), current_setting('max_connections')::int,"
            " extract(epoch from clock_timestamp()), to_regclass('aiops.secret') is not null"
        )
        version, encoding, connections, told, has_tables = row or (0, "", 0, 0, False)
        known = version >= _OLDEST and encoding == "UTF8"
        text = f"PostgreSQL {version}, {encoding}"
        do = f"PostgreSQL {_OLDEST} or newer with a database in UTF8 is needed"
        yield finding("database", ok=known, detail=text, do=do)
        yield _connections(settings, connections)
        yield _clock(float(told) - clock.now().timestamp())
        if not has_tables:
            yield finding("tables", ok=False, detail="there are none", do="run `aiops run setup`")
        elif not settings.vault.kubernetes_namespace:
            yield await _secrets(settings, database)
    except DatabaseUnavailable as error:
        yield finding("database", ok=False, detail=str(error), do="is PostgreSQL running?")
    finally:
        await database.close()


def _connections(settings: Settings, most: int) -> Finding:
    """Of one process of each part; more replicas need more."""
    wanted = settings.database.pool_size * sum(part.health is not None for part in PARTS)
    text = f"{most} allowed, {wanted} wanted by one process of each part"
    do = f"raise max_connections of PostgreSQL, or lower {_AT_MOST}"
    return finding("connections", ok=most >= wanted, detail=text, do=do)


def _clock(ahead: float) -> Finding:
    text = f"the database's is {abs(ahead):.1f} s {'ahead of' if ahead > 0 else 'behind'} ours"
    return finding(
        "clock", ok=abs(ahead) < _SKEW, detail=text, do="keep both by NTP (chronyd, timesyncd)"
    )


async def _secrets(settings: Settings, database: Database) -> Finding:
    """Credentials that no key of ours opens: those clusters cannot be asked."""
    try:
        known = [key.id for key in vault_keys(settings).ring.keys]
    except InvalidSettings as error:
        return finding(
            "vault", ok=False, detail=str(error), do="give every part the same AIOPS_VAULT__KEYS"
        )
    row = await database.fetch_one(
        "select count(*), count(*) filter (where key_id <> all(%s)) from aiops.secret", (known,)
    )
    kept, lost = row or (0, 0)
    text = f"{kept} secrets" + (f", {lost} under a key that is not known here" if lost else "")
    do = "put the old key behind the new one in AIOPS_VAULT__KEYS, or give new credentials"
    return finding("vault", ok=not lost, detail=text, do=do)
