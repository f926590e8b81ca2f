"""The web UI is served to browsers at every address it shows, and to nobody by mistake."""

import re
from collections.abc import AsyncGenerator
from pathlib import Path

import httpx
import pytest

from tests.kit.gateway import API, Platform, assert_envelope, refused
from tests.kit.pages import BROTLI, SCRIPT, browser, build_ui

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]

SHOWN = [
    "/",
    "/login",
    "/clusters",
    "/clusters/",
    "/clusters/0199c0de-0000-7000-8000-000000000000",
    "/alerts?state=FIRING",
    "/anomalies?tab=watches",
    "/replays?replay=new",
    "/reports?tab=schedules",
    "/reports/0199c0de-0000-7000-8000-000000000004",
    "/anomalies/0199c0de-0000-7000-8000-000000000002",
    "/audit?actor=ada",
    "/chat?ask=what",
    "/chat/0199c0de-0000-7000-8000-000000000003",
    "/cnf?tab=clocks",
    "/gpu?tab=nodes",
    "/incidents?state=RESOLVED",
    "/incidents/0199c0de-0000-7000-8000-000000000001",
    "/observability/metrics",
    "/events",
    "/operations",
    "/settings",
]
DOORS = [
    f"{API}/nonsense",
    "/api",
    "/auth/nonsense",
    "/health/nonsense",
    "/ready/nonsense",
    "/metrics/nonsense",
    "/prometheus/nonsense",
    "/alertmanager/nonsense",
    "/docs/nonsense",
    "/asyncapi/nonsense",
    "/openapi.json/nonsense",
    "/assets/nonsense",
    "/ui/nonsense",
    "/ui",
]
PART = "/ui/assets/app-1.js"


@pytest.fixture(scope="module")
async def client(
    platform: Platform, tmp_path_factory: pytest.TempPathFactory
) -> AsyncGenerator[httpx.AsyncClient]:
    """A browser before a gateway with the small UI; beside its files lies one that is secret."""
    tmp_path = tmp_path_factory.mktemp("ui")
    build_ui(tmp_path / "dist")
    (tmp_path / "secret.txt").write_text("secret")
    async with browser(platform, tmp_path / "dist") as client:
        yield client


def is_ui(answer: httpx.Response) -> bool:
    return answer.headers["content-type"].startswith("text/html") and "/ui/assets/" in answer.text


async def raw(client: httpx.AsyncClient, accept: str) -> tuple[str | None, bytes]:
    async with client.stream("GET", PART, headers={"accept-encoding": accept}) as answer:
        assert answer.headers["vary"].lower() == "accept-encoding"
        body = b"".join([part async for part in answer.aiter_raw()])
        assert int(answer.headers["content-length"]) == len(body)
        return answer.headers.get("content-encoding"), body


@pytest.mark.parametrize("path", SHOWN)
async def test_a_page_is_the_ui_without_a_login(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.get(path)
    assert answer.status_code == 200
    assert is_ui(answer)
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers.get_list("referrer-policy") == ["same-origin"]


@pytest.mark.parametrize(
    ("path", "named"),
    [
        ("/?as_of=2026-03-04T12:00:00Z", ["fleet-1.js"]),
        ("/clusters/0199c0de-0000-7000-8000-000000000000", ["one-1.js", "one-1.css"]),
        ("/clusters/add", []),
        ("/clusters", []),
        ("/nonsense", []),
    ],
)
async def test_the_files_of_the_page_that_is_asked_for_come_with_the_rest(
    client: httpx.AsyncClient, path: str, named: list[str]
) -> None:
    head, _, _ = (await client.get(path)).text.partition("</head>")
    preloaded = re.findall(r'<link rel="(\w+)"[^>]* crossorigin href="/ui/assets/([^"]+)"', head)
    assert [name for _, name in preloaded] == named
    assert {kind for kind, name in preloaded if name.endswith(".js")} <= {"modulepreload"}


async def test_a_browser_at_an_unknown_address_gets_the_ui_and_404(
    client: httpx.AsyncClient,
) -> None:
    for path in ("/nonsense", "/nonsense/deeper", "/clustersx", "/api2"):
        answer = await client.get(path)
        assert answer.status_code == 404, path
        assert is_ui(answer), path


@pytest.mark.parametrize("path", DOORS)
async def test_nothing_below_a_door_is_a_page(client: httpx.AsyncClient, path: str) -> None:
    refused(await client.get(path), "NOT_FOUND")


@pytest.mark.parametrize("accept", ["*/*", "application/json", "", "image/avif,*/*;q=0.8"])
async def test_a_program_with_a_wrong_address_is_told_so(
    client: httpx.AsyncClient, accept: str
) -> None:
    for path in ("/clusters", "/alerts/7", "/nonsense"):
        refused(await client.get(path, headers={"accept": accept}), "NOT_FOUND")


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
async def test_a_page_is_only_read(client: httpx.AsyncClient, method: str) -> None:
    for path in ("/clusters", "/nonsense"):
        refused(await client.request(method, path), "NOT_FOUND")


async def test_every_answer_has_a_nonce_of_its_own(client: httpx.AsyncClient) -> None:
    seen: set[str] = set()
    for path in ("/", "/", "/clusters", "/nonsense"):
        answer = await client.get(path)
        (nonce,) = re.findall(r"'nonce-([^']+)'", answer.headers["content-security-policy"])
        assert "__CSP_NONCE__" not in answer.text
        assert set(re.findall(r'nonce="([^"]*)"', answer.text)) == {nonce}
        assert re.fullmatch(r"[A-Za-z0-9_-]{20,}", nonce)
        seen.add(nonce)
    assert len(seen) == 4


async def test_a_page_may_load_nothing_but_what_the_gateway_serves(
    client: httpx.AsyncClient,
) -> None:
    policy = (await client.get("/")).headers["content-security-policy"]
    told = dict(each.strip().split(" ", 1) for each in policy.split(";"))
    told["style-src"] = re.sub(r"nonce-[\w-]+", "nonce", told["style-src"])
    assert told == {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self' 'nonce'",
        "img-src": "'self' data:",
        "font-src": "'self'",
        "connect-src": "'self'",
        "manifest-src": "'self'",
        "worker-src": "'self'",
        "frame-src": "'self'",
        "frame-ancestors": "'none'",
        "base-uri": "'none'",
        "form-action": "'self'",
    }


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("app-1.js", "text/javascript; charset=utf-8"),
        ("app-1.css", "text/css; charset=utf-8"),
        ("text-1.woff2", "font/woff2"),
    ],
)
async def test_a_part_is_kept_for_ever(client: httpx.AsyncClient, name: str, kind: str) -> None:
    answer = await client.get(f"/ui/assets/{name}")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == kind
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert "script-src 'self'" in answer.headers["content-security-policy"], "workers go by it"


async def test_a_part_without_a_digest_in_its_name_is_kept_for_an_hour(
    client: httpx.AsyncClient,
) -> None:
    answer = await client.get("/ui/icon.svg")
    assert answer.headers["content-type"] == "image/svg+xml"
    assert answer.headers["cache-control"] == "public, max-age=3600"


@pytest.mark.parametrize("accept", ["br", "gzip, deflate, br, zstd", "GZIP;q=1.0, BR;q=0.5"])
async def test_a_part_goes_out_as_the_smallest_that_is_taken(
    client: httpx.AsyncClient, accept: str
) -> None:
    assert await raw(client, accept) == ("br", BROTLI)


@pytest.mark.parametrize("accept", ["gzip", "gzip, br;q=0", "br; q=0.0, gzip; q=0.1"])
async def test_a_part_goes_out_as_gzip(client: httpx.AsyncClient, accept: str) -> None:
    encoding, body = await raw(client, accept)
    assert encoding == "gzip"
    assert len(body) < len(SCRIPT)
    assert (await client.get(PART, headers={"accept-encoding": accept})).content == SCRIPT


@pytest.mark.parametrize("accept", ["identity", "", "brr", "gzip;q=0"])
async def test_a_part_goes_out_as_it_is(client: httpx.AsyncClient, accept: str) -> None:
    assert await raw(client, accept) == (None, SCRIPT)


@pytest.mark.parametrize(
    "path",
    [
        "",
        "index.html",
        "assets",
        "assets/",
        "assets/app-1.js.br",
        "assets/app-1.js.gz",
        "assets/app-1",
        "%2e%2e/secret.txt",
        "..%2fsecret.txt",
        "assets/%2e%2e/%2e%2e/secret.txt",
        "assets%2f..%2f..%2fsecret.txt",
        "assets/..%5c..%5csecret.txt",
        "%2fetc/passwd",
        "/etc/passwd",
    ],
)
async def test_no_other_file_is_served(client: httpx.AsyncClient, path: str) -> None:
    refused(await client.get(f"/ui/{path}"), "NOT_FOUND")


async def test_a_build_beside_a_running_gateway_mixes_nothing(
    platform: Platform, tmp_path: Path
) -> None:
    build_ui(tmp_path / "dist")
    async with browser(platform, tmp_path / "dist") as client:
        before = (await client.get("/")).text
        (tmp_path / "dist" / "index.html").write_text('<script src="/ui/assets/app-2.js"></script>')
        (tmp_path / "dist" / "assets" / "app-1.js").unlink()
        assert "app-1.js" in before
        assert "app-1.js" in (await client.get("/")).text
        assert (await client.get(PART)).content == SCRIPT


async def test_metrics_name_a_page_by_its_top(
    client: httpx.AsyncClient, platform: Platform
) -> None:
    for path in ("/clusters/one-of-many", "/alerts/one-of-many", "/one-of-many"):
        await client.get(path)
    told = (await platform.http.get("/metrics")).text
    assert 'path="/clusters"' in told
    assert 'path="/alerts"' in told
    assert "one-of-many" not in told


async def test_pages_are_served_to_allowed_hosts_alone(client: httpx.AsyncClient) -> None:
    answer = await client.get("/clusters", headers={"host": "evil.example.com"})
    assert assert_envelope(answer)["code"] == "BAD_REQUEST"


async def test_without_a_built_ui_a_small_page_says_how_to_build_it(
    platform: Platform, tmp_path: Path
) -> None:
    async with browser(platform, tmp_path / "nothing") as client:
        for path, status in (("/", 200), ("/clusters/7", 200), ("/nonsense", 404)):
            answer = await client.get(path)
            assert answer.status_code == status, path
            assert "make ui" in answer.text, path
        assert 'src="/assets/login.js"' in (await client.get("/login")).text
        refused(await client.get(f"{API}/nonsense"), "NOT_FOUND")
        refused(await client.get(PART), "NOT_FOUND")
