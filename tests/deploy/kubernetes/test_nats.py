"""Real servers take the configuration of the manifests: one alone, and a cluster of three."""

import asyncio
import re
import subprocess
from collections.abc import Generator
from contextlib import ExitStack
from pathlib import Path

import pytest
from pydantic import SecretStr

from deploy.kubernetes import kustomize, nats, secrets
from deploy.kubernetes.__main__ import main
from deploy.kubernetes.values import DEFAULTS, DEVELOPMENT, Values, merged
from deploy.local.nats_server import find_binary, size_in_bytes
from deploy.local.ports import free_port
from services.runtime import streams
from services.runtime.answers import BusUnavailable, JetStreamRefused
from services.runtime.bus import Bus, connect
from services.runtime.settings import NatsSettings, Settings, load_settings
from services.runtime.vault.keys import find_keys
from tests.kit.manifests import Object, documents, pod_templates

PASSWORDS: dict[str, str] = documents(secrets.manifest("aiops"))[0]["stringData"]
BINARY = str(find_binary({}))


def environment(name: str, values: Values) -> dict[str, str]:
    """What Kubernetes would tell a server."""
    made = [each for _, each in kustomize.rendered(values)]
    (template,) = [each for found, each in pod_templates(made) if found == nats.NAME]
    told: dict[str, str] = {}
    for each in template["spec"]["containers"][0]["env"]:
        known = each.get("value") or PASSWORDS.get(each["name"]) or name
        known = "1610612736" if each["name"] == "GOMEMLIMIT" else known
        told[each["name"]] = re.sub(r"\$\((\w+)\)", lambda found: told[found[1]], known)
    return told


def here(folder: Path, ports: dict[str, int]) -> Path:
    """The configuration with this machine's ports and folders; its file for the cluster."""
    (folder / "run").mkdir(parents=True)
    for name, text in nats.files().items():
        for kind, number in (("clients", 4222), ("routes", 6222), ("monitor", 8222)):
            text = re.sub(rf"\b{number}\b", str(ports[kind]), text)
        text = text.replace("/data", str(folder / "data")).replace("/run/nats", str(folder / "run"))
        (folder / name).write_text(text)
    return folder / "cluster.conf"


def _near(told: str, routes: list[int]) -> str:
    """A route to a server on this machine."""
    for number, port in enumerate(routes):
        told = told.replace(f"{nats.NAME}-{number}.{nats.PEERS}:{nats.ROUTES}", f"127.0.0.1:{port}")
    return told


def free_ports() -> dict[str, int]:
    return {kind: free_port() for kind in ("clients", "routes", "monitor")}


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Generator[list[int]]:
    """The ports of three servers for clients."""
    folder, ports = tmp_path_factory.mktemp("cluster"), [free_ports() for _ in range(3)]
    routes = [each["routes"] for each in ports]
    with ExitStack() as stack:
        for number, each in enumerate(ports):
            name = f"{nats.NAME}-{number}"
            log = stack.enter_context((folder / f"{name}.log").open("w"))
            process = subprocess.Popen(
                [BINARY, "--config", str(here(folder / name, each))],
                env={key: _near(told, routes) for key, told in environment(name, DEFAULTS).items()},
                stdout=subprocess.DEVNULL,
                stderr=log,
            )
            stack.callback(process.wait)
            stack.callback(process.terminate)
        yield [each["clients"] for each in ports]


async def as_user(user: str, ports: list[int]) -> Bus:
    password = SecretStr(PASSWORDS[f"AIOPS_NATS_{user.upper()}_PASSWORD"])
    url = ",".join(f"nats://127.0.0.1:{port}" for port in ports)
    return await connect(NatsSettings(url=url, user=user, password=password), "test")


@pytest.mark.parametrize("file", ["alone.conf", "cluster.conf"])
def test_the_server_takes_the_configuration(file: str, tmp_path: Path) -> None:
    for name, text in nats.files().items():
        (tmp_path / name).write_text(text)
    checked = subprocess.run(
        [BINARY, "-t", "-c", str(tmp_path / file)],
        env=environment("aiops-nats-0", DEFAULTS),
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stderr


@pytest.mark.anyio
@pytest.mark.nats
async def test_a_cluster_of_three_keeps_every_stream_three_times(cluster: list[int]) -> None:
    bus = await as_user("setup", cluster)
    settings = Settings(nats=NatsSettings(replicas=DEFAULTS["nats"]["replicas"]))
    await _leader(bus)
    await streams.ensure(bus, settings)
    for name, told in (await streams.configurations(bus)).items():
        assert told["num_replicas"] == (1 if name == streams.QUERY_CACHE else 3)
    about: Object = await bus.api(f"STREAM.INFO.{streams.EVENTS}")
    members = {about["cluster"]["leader"], *(each["name"] for each in about["cluster"]["replicas"])}
    assert members == {f"{nats.NAME}-{number}" for number in range(3)}
    await bus.close()


@pytest.mark.anyio
@pytest.mark.nats
async def test_a_part_may_change_no_stream_of_the_cluster(cluster: list[int]) -> None:
    bus = await as_user("workers", cluster)
    await _leader(bus)
    with pytest.raises(BusUnavailable):
        await bus.api("STREAM.CREATE.MINE", {"name": "MINE", "subjects": ["mine.>"]})
    await bus.close()
    setup = await as_user("setup", cluster)
    assert "MINE" not in await streams.configurations(setup)
    await setup.close()


async def _leader(bus: Bus) -> None:
    """Wait until the servers have found each other and chosen one."""
    async with asyncio.timeout(60):
        while True:
            try:
                await bus.api("INFO")
            except (BusUnavailable, JetStreamRefused):
                await asyncio.sleep(0.1)
            else:
                return


@pytest.mark.parametrize("values", [DEFAULTS, merged(DEFAULTS, DEVELOPMENT)])
def test_what_streams_reserve_fits_into_the_storage(
    values: Values, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, told in values["settings"].items():
        monkeypatch.setenv(name, told)
    wanted = streams.definitions(load_settings())
    in_files = [each for each in wanted if each["storage"] == "file"]
    reserved = sum(max(each["max_bytes"], 0) for each in in_files)
    # As much again at least for events, which have no limit.
    assert reserved * 2 <= size_in_bytes(values["nats"]["fileStore"])
    storage = int(values["nats"]["storage"].removesuffix("Gi")) * 2**30
    assert size_in_bytes(values["nats"]["fileStore"]) < storage
    in_memory = sum(each["max_bytes"] for each in wanted if each["storage"] == "memory")
    assert in_memory <= nats.MEMORY_STORE


def test_sites_are_added_to_the_configuration_as_a_secret(tmp_path: Path) -> None:
    file = tmp_path / "nats-sites.json"
    file.write_text('{"listen": "0.0.0.0:7422", "sites": {"ship-7": "secret-of-the-ship"}}')
    out = tmp_path / "secret.yaml"
    main(["sites", str(file), "--namespace", "hub", "--out", str(out)])
    assert out.stat().st_mode & 0o777 == 0o600
    (made,) = documents(out.read_text())
    assert made["metadata"] == {"name": nats.WITH_SITES, "namespace": "hub"}
    for name, text in made["stringData"].items():
        (tmp_path / name).write_text(text)
    assert "site-ship-7" in made["stringData"]["alone.conf"]
    checked = subprocess.run(
        [BINARY, "-t", "-c", str(tmp_path / "cluster.conf")],
        env=environment("aiops-nats-0", DEFAULTS),
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stderr


def test_secrets_are_fresh_private_and_of_letters_and_digits(tmp_path: Path) -> None:
    first, second = tmp_path / "one.yaml", tmp_path / "two.yaml"
    for out in (first, second):
        main(["secrets", "--out", str(out)])
        assert out.stat().st_mode & 0o777 == 0o600
    made = {each["metadata"]["name"]: each["stringData"] for each in documents(first.read_text())}
    again = {each["metadata"]["name"]: each["stringData"] for each in documents(second.read_text())}
    assert set(made) == {secrets.NATS, secrets.POSTGRES, secrets.VAULT}
    for name, keys in made.items():
        assert all(again[name][key] != value for key, value in keys.items())
    passwords = [*made[secrets.NATS].values(), *made[secrets.POSTGRES].values()]
    assert all(re.fullmatch(r"[a-z][A-Za-z0-9]{30,}", each) for each in passwords)
    assert len(set(passwords)) == len(passwords)


def test_the_key_of_the_vault_is_one(tmp_path: Path) -> None:
    (_, _, vault) = documents(secrets.manifest("aiops"))
    keys = find_keys([SecretStr(vault["stringData"]["keys"])], tmp_path)
    assert keys.open(keys.seal(b"told", "there"), "there") == b"told"
