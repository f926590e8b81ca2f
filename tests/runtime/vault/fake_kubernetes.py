"""An API server that knows Secrets, and answers as the real one does."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import httpx

TOKEN = "api-token-do-not-tell"
COLLECTION = "/api/v1/namespaces/hub/secrets"

Json = dict[str, Any]


@dataclass
class FakeKubernetes:
    """Secrets of the namespace ``hub``; `before` may step in ahead of any answer."""

    secrets: dict[str, Json] = field(default_factory=dict[str, Json])
    requests: list[httpx.Request] = field(default_factory=list[httpx.Request])
    before: Callable[[httpx.Request], Awaitable[httpx.Response | None]] | None = None
    version: int = 100

    def __post_init__(self) -> None:
        self.client = httpx.AsyncClient(
            base_url="https://kubernetes.test",
            headers={"authorization": f"Bearer {TOKEN}"},
            transport=httpx.MockTransport(self._answer),
        )

    @property
    def writes(self) -> int:
        return len([request for request in self.requests if request.method != "GET"])

    def store(self, name: str, told: Json) -> Json:
        """Write as somebody else would: the version moves on."""
        self.version += 1
        metadata = {**told["metadata"], "name": name, "resourceVersion": str(self.version)}
        self.secrets[name] = {**told, "metadata": {"uid": f"uid-{name}", **metadata}}
        return self.secrets[name]

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        await asyncio.sleep(0)
        answer = await self.before(request) if self.before else None
        return answer or self._handle(request)

    def _handle(self, request: httpx.Request) -> httpx.Response:
        if request.headers["authorization"] != f"Bearer {TOKEN}":
            return status(401)
        told: Json = json.loads(request.content) if request.content else {}
        if request.method == "POST":
            return self._create(request.url.path, told)
        name = request.url.path.removeprefix(f"{COLLECTION}/")
        if name not in self.secrets:
            return status(404)
        if request.method == "GET":
            return httpx.Response(200, json=self.secrets[name])
        return {"PUT": self._update, "DELETE": self._delete}[request.method](name, told)

    def _create(self, path: str, told: Json) -> httpx.Response:
        name = told["metadata"]["name"]
        if path != COLLECTION:
            return status(404)
        if name in self.secrets:
            return status(409)
        if "resourceVersion" in told["metadata"]:
            return status(400)
        return httpx.Response(201, json=self.store(name, told))

    def _update(self, name: str, told: Json) -> httpx.Response:
        if told["metadata"]["name"] != name:
            return status(400)
        if told["metadata"].get("resourceVersion") != self._version(name):
            return status(409)
        if told["type"] != self.secrets[name].get("type"):
            return status(422)
        return httpx.Response(200, json=self.store(name, told))

    def _delete(self, name: str, told: Json) -> httpx.Response:
        wanted = told.get("preconditions", {}).get("resourceVersion")
        if wanted is not None and wanted != self._version(name):
            return status(409)
        del self.secrets[name]
        return status(200)

    def _version(self, name: str) -> str:
        return self.secrets[name]["metadata"]["resourceVersion"]


def status(code: int) -> httpx.Response:
    """What the API server says of a failure; it repeats what it was sent, as the real one may."""
    told = {"kind": "Status", "code": code, "message": 'Invalid value: "planted-secret"'}
    return httpx.Response(code, json=told)
