"""What `make ui` writes, in small, and a browser that asks a gateway for it."""

import gzip
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

from gateway.app import build
from gateway.middleware import Front
from tests.kit.gateway import ORIGIN, Platform

SCRIPT = b"console.log('the UI');" * 20
BROTLI = b"as brotli, which the gateway only passes on"
INDEX = """<!doctype html>
<html><head>
<meta property="csp-nonce" nonce="__CSP_NONCE__">
<link rel="stylesheet" href="/ui/assets/app-1.css" nonce="__CSP_NONCE__">
</head><body><div id="root"></div>
<script type="module" src="/ui/assets/app-1.js" nonce="__CSP_NONCE__"></script>
</body></html>
"""
PAGES = {"fleet": ["assets/fleet-1.js"], "clusters/detail": ["assets/one-1.js", "assets/one-1.css"]}
NAVIGATES = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"
"""What Chromium accepts when somebody goes to an address."""


def build_ui(folder: Path) -> None:
    """The files of a small UI, as the build lays them out."""
    assets = folder / "assets"
    assets.mkdir(parents=True)
    (folder / "index.html").write_text(INDEX)
    (folder / "pages.json").write_text(json.dumps(PAGES))
    (folder / "icon.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    (assets / "app-1.js").write_bytes(SCRIPT)
    (assets / "app-1.js.gz").write_bytes(gzip.compress(SCRIPT))
    (assets / "app-1.js.br").write_bytes(BROTLI)
    (assets / "app-1.css").write_text("body { margin: 0 }")
    (assets / "text-1.woff2").write_bytes(b"wOF2")


@asynccontextmanager
async def browser(platform: Platform, ui: Path) -> AsyncGenerator[httpx.AsyncClient]:
    """Somebody without a login before a gateway that serves the UI of this folder."""
    front = Front(build(platform.gate, ui=ui), platform.gate)
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(front),  # pyright: ignore[reportArgumentType] - ASGI types differ in name
        base_url=ORIGIN,
        headers={"accept": NAVIGATES},
        timeout=30,
    ) as client:
        yield client
