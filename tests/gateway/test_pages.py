"""The pages that the gateway serves by itself hold everything that they need."""

import re
from collections.abc import AsyncGenerator
from pathlib import Path

import httpx
import pytest

from tests.kit.gateway import Platform, refused
from tests.kit.pages import browser

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]

PAGES = ("/", "/login", "/docs", "/asyncapi")


@pytest.fixture
async def anybody(platform: Platform, tmp_path: Path) -> AsyncGenerator[httpx.AsyncClient]:
    """A browser before a gateway without a built UI."""
    async with browser(platform, tmp_path) as client:
        yield client


@pytest.mark.parametrize("page", PAGES)
async def test_a_page_and_all_that_it_uses_is_served_here(
    anybody: httpx.AsyncClient, page: str
) -> None:
    answer = await anybody.get(page)
    used = re.findall(r'(?:src|href)="([^"]+)"', answer.text)
    assert used
    assert all(each.startswith("/") and not each.startswith("//") for each in used)
    for each in [page, *used]:
        part = await anybody.get(each)
        assert part.status_code == 200, each
        assert part.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("page", [*PAGES, "/assets/page.css", "/assets/docs.js"])
async def test_a_browser_is_told_to_load_nothing_from_elsewhere(
    anybody: httpx.AsyncClient, page: str
) -> None:
    policy = (await anybody.get(page)).headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "script-src" not in policy, "scripts come under the default: no inline ones"
    assert "http" not in policy
    assert "frame-ancestors 'none'" in policy


@pytest.mark.parametrize("asset", ["page.css", "swagger/swagger-ui.css"])
async def test_styles_name_no_foreign_address(platform: Platform, asset: str) -> None:
    style = (await platform.http.get(f"/assets/{asset}")).text
    assert "@import" not in style
    assert all(
        address.strip("\"'").startswith("data:") for address in re.findall(r"url\(([^)]+)\)", style)
    )


@pytest.mark.parametrize("path", ["../app.py", "swagger/LICENSE", "%2e%2e/routes.py", "x", ""])
async def test_nothing_else_is_served(platform: Platform, path: str) -> None:
    refused(await platform.http.get(f"/assets/{path}"), "NOT_FOUND")


async def test_the_bus_describes_itself(platform: Platform) -> None:
    async with platform.client() as anybody:
        told = (await anybody.get("/asyncapi.json")).json()
    assert told["asyncapi"].startswith("3.")
    addresses = {channel["address"] for channel in told["channels"].values()}
    assert "cmd.{publisher}.clusters.register_cluster" in addresses
    assert "evt.{cluster}.alert.{id}.fired" in addresses
    assert "qry.{site}.{cluster}.query_metrics" in addresses


async def test_every_kind_of_subject_has_a_place_on_the_page(platform: Platform) -> None:
    script = (await platform.http.get("/assets/asyncapi.js")).text
    told = (await platform.http.get("/asyncapi.json")).json()
    for channel in told["channels"].values():
        kind = channel["address"].partition(".")[0]
        assert f'"{kind}."' in script, channel["address"]
