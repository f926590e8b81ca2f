"""The link by TLS, with a certificate of a CA that only the two ends know."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from deploy.leaf.servers import COLLECTOR
from deploy.local.nats_users import SETUP
from services.runtime import process
from services.runtime.edge import of_site
from services.runtime.process import Runtime
from services.runtime.settings import Settings
from tests.edge.acting import at_hub, circuit, linking, numbers, register
from tests.edge.kit import SITE, Encrypted, Ends, two_servers
from tests.kit.authorities import Authority, authority
from tests.kit.runtime import eventually, store
from tests.kit.streams import fresh_streams

pytestmark = [pytest.mark.anyio, pytest.mark.nats]


def _files(directory: Path, shown: Authority, believed: Authority) -> Encrypted:
    identity = shown.server_identity()
    texts = {"hub.pem": identity.pem, "hub.key": identity.key, "ca.pem": believed.pem}
    for name, text in texts.items():
        (directory / name).write_text(text)
    return Encrypted(*(directory / name for name in texts))


@asynccontextmanager
async def _both(ends: Ends, directory: Path) -> AsyncGenerator[tuple[Runtime, Runtime]]:
    """A process of the hub and one of the site, with streams."""
    settings = Settings(data_dir=directory)
    await fresh_streams(ends.at_hub(settings, SETUP))
    nats = ends.site.server.nats
    await fresh_streams(of_site(settings.model_copy(update={"nats": nats(SETUP)}), SITE))
    collector = of_site(settings.model_copy(update={"nats": nats(COLLECTOR)}), SITE)
    hub = await process.start("test-hub", ends.at_hub(settings))
    site = await process.start("test-site", collector)
    try:
        yield hub, site
    finally:
        await site.close()
        await hub.close()


async def test_what_a_site_tells_comes_through_an_encrypted_link(tmp_path: Path) -> None:
    ca = authority()
    with two_servers(tmp_path, _files(tmp_path, ca, ca)) as ends:
        async with _both(ends, tmp_path) as (hub, site), ends.linked(), linking(hub):
            cluster = await register(hub)
            await store(site.log, circuit(cluster, 0))

            async def arrived() -> bool:
                return numbers(hub.log, await at_hub(hub.log)) == [0]

            await eventually(arrived, within=30)
    assert "TLS leafnode handshake error" not in _said(tmp_path)


async def test_a_site_tells_nothing_to_a_hub_whose_certificate_it_does_not_know(
    tmp_path: Path,
) -> None:
    with two_servers(tmp_path, _files(tmp_path, authority(), authority())) as ends:
        async with _both(ends, tmp_path) as (hub, site), ends.linked(), linking(hub):
            cluster = await register(hub)
            await store(site.log, circuit(cluster, 0))

            async def refused() -> bool:
                # Again and again, so that it was no accident of the first connection.
                return _said(tmp_path).count("TLS leafnode handshake error") >= 3

            await eventually(refused, within=30)
            assert await at_hub(hub.log) == []


def _said(directory: Path) -> str:
    """What the hub's server has written into its log."""
    return (directory / "hub" / "logs" / "nats.log").read_text()
