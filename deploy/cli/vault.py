"""`aiops vault`: the keys that credentials of clusters are sealed with."""

from deploy.cli.output import fail, say
from deploy.cli.reach import Hub, database_of, hub
from services.runtime.clock import SystemClock
from services.runtime.outside import vault_folder, vault_keys
from services.runtime.settings import InvalidSettings
from services.runtime.vault.keys import SETTING, add_key
from services.runtime.vault.table import TableSecrets

_STEP = 200


async def rotate_key() -> None:
    """Seal with a new key from now on, and bring all that there is under it."""
    found = hub()
    if found.settings.vault.keys:
        fail(
            f"the keys are those of {SETTING}: put a new one before them, start every part anew,"
            " then run `aiops vault reseal`"
        )
    try:
        key = add_key(vault_folder(found.settings))
    except InvalidSettings as error:
        fail(str(error))
    say(f"new secrets are sealed with key {key}")
    await _reseal(found)


async def reseal() -> None:
    """Bring all secrets under the first of the keys, so that the others may be removed."""
    await _reseal(hub())


async def _reseal(found: Hub) -> None:
    if found.settings.vault.kubernetes_namespace:
        fail("the secrets are kept by Kubernetes, which has keys of its own")
    try:
        keys = vault_keys(found.settings)
    except InvalidSettings as error:
        fail(str(error))
    async with database_of(found) as database:
        store, done = TableSecrets(database, keys, SystemClock()), 0
        while True:
            step = await store.reseal(_STEP)
            done += step.done
            if not step.done:
                break
    say(f"{done} secrets are under key {keys.ring.current.id} now")
    if step.left or step.unreadable:
        fail(
            f"{step.left + step.unreadable} are not, as they are damaged or their key is not known:"
            " give these clusters new credentials, and keep the old keys until then"
        )
