"""The gateway's own memory of which clusters there are."""

from uuid import UUID

import pytest

from gateway.directory import Directory
from tests.kit.gateway import API, Platform
from tests.kit.runtime import running, until

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]


def _of(platform: Platform) -> Directory:
    return Directory(platform.gate.runtime.bus, platform.gate.database)


async def test_it_knows_what_was_there_before_and_follows_what_comes(platform: Platform) -> None:
    before = await platform.register()
    directory = _of(platform)
    async with running(directory.run):
        await until(directory.loaded.is_set)
        assert directory.has(UUID(before["id"]))
        after = await platform.register()
        await until(lambda: directory.has(UUID(after["id"])))
        await platform.http.patch(f"{API}/clusters/{after['id']}", json={"name": "other-name"})
        await until(lambda: directory.name(after["id"]) == "other-name")
        assert await directory.resolve([after["name"]]) == {}


async def test_what_was_deleted_while_it_did_not_listen_is_gone(platform: Platform) -> None:
    cluster = await platform.register()
    directory, path = _of(platform), f"{API}/clusters/{cluster['id']}"
    async with running(directory.run):
        await until(directory.loaded.is_set)
        assert directory.has(UUID(cluster["id"]))
    await platform.http.delete(path)
    directory.loaded.clear()
    async with running(directory.run):
        await until(directory.loaded.is_set)
        assert not directory.has(UUID(cluster["id"]))
        assert await directory.resolve([cluster["id"], cluster["name"]]) == {}


async def test_a_deleted_cluster_keeps_its_name_for_history(platform: Platform) -> None:
    cluster = await platform.register()
    await platform.http.delete(f"{API}/clusters/{cluster['id']}")
    await platform.settle()
    directory = _of(platform)
    async with running(directory.run):
        await until(directory.loaded.is_set)
        assert directory.name(cluster["id"]) == cluster["name"]


async def test_the_id_of_a_deleted_cluster_does_not_mean_the_next_of_its_name(
    platform: Platform,
) -> None:
    first = await platform.register()
    await platform.http.delete(f"{API}/clusters/{first['id']}")
    second = await platform.register(name=first["name"])
    directory = _of(platform)
    async with running(directory.run):
        await until(lambda: directory.has(UUID(second["id"])))
        known = await directory.resolve([first["id"], first["name"], second["id"], "", "x" * 99])
        assert known == {name: UUID(second["id"]) for name in (first["name"], second["id"])}
