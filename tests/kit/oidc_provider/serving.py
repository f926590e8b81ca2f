"""Runs the OpenID provider of npm's `oidc-provider`, and logs people in at it without a browser."""

import asyncio
import fcntl
import html
import json
import os
import re
import subprocess
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest

from services.runtime.settings import environment
from tests.kit.browser import NODE

HERE = Path(__file__).parent
SECRET = "the-secret-of-hub"
"""Of the clients `hub` and `hub-es256`; `hub-public` has none."""
AUDIENCE = "https://hub.test/api"
_INSTALLED = HERE / "node_modules" / ".package-lock.json"
_NPM = NODE.parents[1] / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
_STEPS = 12


@dataclass(frozen=True)
class RealIssuer:
    """A running provider."""

    url: str
    redirects: tuple[str, ...]

    async def log_in(self, address: str, name: str) -> dict[str, str]:
        """Go to an address as a browser does, log in and agree; the query that it comes back with.

        The password is never looked at.
        """
        async with httpx.AsyncClient(trust_env=False, timeout=10) as browser:
            answer = await browser.get(address)
            for _ in range(_STEPS):
                if answer.is_redirect:
                    onward = answer.headers["location"]
                    if onward.startswith(self.redirects):
                        return dict(parse_qsl(urlsplit(onward).query, keep_blank_values=True))
                    answer = await browser.get(answer.url.join(onward))
                else:
                    answer = await _submit(browser, answer, name)
        raise AssertionError(f"{name} never came back")


async def _submit(browser: httpx.AsyncClient, page: httpx.Response, name: str) -> httpx.Response:
    """Fill in the form of a page and send it."""
    assert page.status_code == 200, page.text
    action = re.search(r'<form[^>]*action="([^"]+)"', page.text)
    assert action, page.text
    fields = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page.text))
    if 'name="login"' in page.text:
        fields |= {"login": name, "password": "any"}
    return await browser.post(page.url.join(html.unescape(action[1])), data=fields)


@asynccontextmanager
async def real_issuer(*redirects: str, slim: bool = True) -> AsyncGenerator[RealIssuer]:
    """A provider for the time of a block, which sends browsers back to these addresses."""
    await asyncio.to_thread(_install)
    process = await asyncio.create_subprocess_exec(
        NODE,
        HERE / "server.mjs",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        wanted = {"redirects": redirects, "audience": AUDIENCE, "slim": slim}
        process.stdin.write(json.dumps(wanted).encode() + b"\n")
        async with asyncio.timeout(30):
            said = await process.stdout.readline()
        assert said, "the provider has not started"
        yield RealIssuer(said.decode().strip(), redirects)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


def _install() -> None:
    """Once for all who test at the same time; skips where npm's registry is not to be had."""
    with (HERE / "package.json").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if _INSTALLED.is_file():
            return
        command: Sequence[str | Path] = (NODE, _NPM, "ci", "--ignore-scripts", "--prefix", HERE)
        variables = environment()
        variables["PATH"] = f"{NODE.parent}{os.pathsep}{variables['PATH']}"
        done = subprocess.run(
            command, cwd=HERE, env=variables, capture_output=True, timeout=90, check=False
        )
    if done.returncode != 0:
        why = "oidc-provider is not installed: npm ci in tests/kit/oidc_provider"
        if environment().get("CI"):
            pytest.fail(why)
        pytest.skip(why)
