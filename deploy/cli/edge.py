"""`aiops edge`: what a far-edge site and the hub need of each other, and logins at the site."""

from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import msgspec

from contracts.clusters import HUB, Checked
from deploy.cli.clusters_options import Inputs
from deploy.cli.configured import settings_or_fail
from deploy.cli.output import fail, say
from deploy.leaf.files import Wanted, WrongAddress, write
from deploy.local.errors import CannotStart
from services.runtime.edge import of_site
from services.runtime.outside import Outside
from services.runtime.settings import InvalidSettings
from services.runtime.vault.files import FileSecrets
from services.runtime.vault.logins import BACKENDS, Login, origin_of

_WRONG_USE = 2
_MOST_OF_A_CA = 256 << 10
_BACKENDS = tuple(name for name in Checked if name is not Checked.API_SERVER)


async def init(wanted: Wanted) -> None:
    """Write the configuration of both ends of a link; says what to do with it, and no password."""
    settings_or_fail(site=wanted.site)  # Says what is wrong with its name.
    if wanted.site == HUB:
        fail("--site: hub is the hub itself", _WRONG_USE)
    try:
        folder, at_hub = write(wanted)
    except WrongAddress as error:
        fail(str(error), _WRONG_USE)
    except (CannotStart, OSError) as error:
        fail(str(error))
    say(f"for the site:  {folder} (compose.yaml, or nats.conf and aiops-collector.service)")
    say(f"for the hub:   {at_hub}")
    say(f"  one machine: put it into the data directory, set AIOPS_EDGE__SITES={wanted.site}")
    say("               (all sites, by comma) and start `aiops up` anew")
    say("  containers:  mount nats-compose.conf beside it as the server's configuration,")
    say("               open its port, and set the same for workers")
    if wanted.hub.startswith("nats-leaf:"):
        say("the link is not encrypted: for other than a private network use tls://, and name")
        say(f'"certificate" and "key" (files at the hub) in {at_hub.name}')


@dataclass(frozen=True, slots=True)
class LoginRequest:
    """A login to a backend; every secret is in a file."""

    cluster: UUID
    backend: str
    url: str
    token_file: Path | None
    username: str | None
    password_file: Path | None
    tenant: str | None
    ca_file: Path | None


async def login(wanted: LoginRequest) -> None:
    """Keep a login at this site, in place of an older one to the same backend."""
    backend = _backend(wanted.backend)
    origin = origin_of(wanted.url)
    if not origin:
        fail(f"--url: {wanted.url} is not a URL of a host", _WRONG_USE)
    if (wanted.username is None) != (wanted.password_file is None):
        fail("--username and --password-file belong together", _WRONG_USE)
    inputs = Inputs()
    given = Login(
        origin=origin,
        token=inputs.secret("--token-file", wanted.token_file) if wanted.token_file else None,
        username=wanted.username,
        password=inputs.secret("--password-file", wanted.password_file)
        if wanted.password_file
        else None,
        tenant=wanted.tenant,
        ca=inputs.text("--ca-file", wanted.ca_file, _MOST_OF_A_CA) if wanted.ca_file else None,
    )
    store = _store()
    kept = await _kept(store, wanted.cluster)
    await _keep(store, wanted.cluster, kept | {backend: given})
    say(f"kept for {backend.value.lower()} of {wanted.cluster}, to be shown to {origin} alone")


async def logout(cluster: UUID, backend: str) -> None:
    """Destroy a login that is kept at this site."""
    name, store = _backend(backend), _store()
    kept = await _kept(store, cluster)
    if name not in kept:
        fail(f"no login to {backend} of {cluster} is kept here")
    await _keep(store, cluster, {each: kept[each] for each in kept if each is not name})
    say("it is destroyed")


async def _kept(store: FileSecrets, cluster: UUID) -> dict[Checked, Login]:
    material = await store.get(cluster, BACKENDS)
    return msgspec.json.decode(material, type=dict[Checked, Login]) if material else {}


async def _keep(store: FileSecrets, cluster: UUID, logins: dict[Checked, Login]) -> None:
    if logins:
        await store.put(cluster, BACKENDS, msgspec.json.encode(logins, order="deterministic"))
    else:
        await store.destroy(cluster)


def _backend(name: str) -> Checked:
    found = next((each for each in _BACKENDS if each.value.lower() == name.lower()), None)
    names = ", ".join(each.value.lower() for each in _BACKENDS)
    return found or fail(f"BACKEND must be one of {names}", _WRONG_USE)


def _store() -> FileSecrets:
    settings = settings_or_fail()
    if settings.site == HUB:
        fail("this is no site: set AIOPS_SITE and AIOPS_DATA_DIR as in its collector.env")
    try:
        return Outside(of_site(settings, settings.site)).site_secrets
    except InvalidSettings as error:
        fail(str(error))
