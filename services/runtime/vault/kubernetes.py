"""Secrets kept by Kubernetes: one Secret a cluster, `cluster-creds-<id>`, by the core/v1 API.

What a Secret holds is sealed by Kubernetes itself, where its operator has set that up; who may
read it is a matter of RBAC. A change reads, changes and writes back what it has read: the server
answers 409 if the resourceVersion is not the last, and the change is made anew.

Source: https://kubernetes.io/docs/reference/kubernetes-api/config-and-storage-resources/secret-v1/
"""

import asyncio
import base64
import binascii
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import httpx
import msgspec

from services.runtime.vault.material import Material
from services.runtime.vault.sealing import CannotOpen
from services.runtime.vault.store import Resealed, VaultUnavailable

_LABELS = {"app.kubernetes.io/managed-by": "aiops-nextgen"}
_TRIES = 8
_PAUSE = 0.05
# A Secret holds 1 MiB: a third more in base64, and whatever others have noted on it.
_LARGEST_ANSWER = 4_194_304
_OK = frozenset({200, 201, 202})
_CONFLICT = frozenset({409})
_CONFLICT_OR_GONE = frozenset({404, 409})

_Data = Mapping[str, str]


class KubernetesRefuses(Exception):
    """The API server does not grant what the vault asks for: a mistake in the installation."""

    def __init__(self, method: str, namespace: str, status: int) -> None:
        super().__init__(f"Kubernetes refuses {method} of secrets in {namespace}: HTTP {status}")
        self.status = status


class _Secret(msgspec.Struct, frozen=True, omit_defaults=True):
    """A Secret as the API has it: what we do not know of its metadata is written back as it is."""

    metadata: dict[str, Any]
    data: dict[str, str] | None = None
    type: str | None = None

    def __repr__(self) -> str:
        return "Secret(...)"


@dataclass(frozen=True, slots=True)
class KubernetesSecrets:
    """The secrets of an installation in Kubernetes; a `SecretStore`.

    The client brings the server's address, the token, the CA and its time-outs; a whole answer
    has ``deadline`` seconds, however slowly it drips.
    """

    client: httpx.AsyncClient = field(repr=False)
    namespace: str
    deadline: float = 10.0

    async def put(self, cluster_id: UUID, name: str, material: bytes) -> None:
        """Keep a secret, in place of one of the same name."""
        encoded = _encoded(material)
        await self._change(cluster_id, lambda data: {**data, name: encoded})

    async def replace(self, cluster_id: UUID, materials: Mapping[str, bytes]) -> None:
        """Keep these secrets and no others, in one write."""
        encoded = {name: _encoded(material) for name, material in materials.items()}
        await self._change(cluster_id, lambda _: encoded)

    async def get(self, cluster_id: UUID, name: str) -> Material | None:
        """A secret, or None."""
        found = await self._read(cluster_id)
        encoded = _data(found).get(name)
        return None if encoded is None else _decoded(encoded)

    async def names(self, cluster_id: UUID) -> tuple[str, ...]:
        """The names of a cluster's secrets, in order."""
        return tuple(sorted(_data(await self._read(cluster_id))))

    async def delete(self, cluster_id: UUID, name: str) -> bool:
        """Remove a secret; False if there was none."""
        before = await self._change(
            cluster_id, lambda data: {key: data[key] for key in data if key != name}
        )
        return name in before

    async def destroy(self, cluster_id: UUID) -> None:
        """Remove the Secret of a cluster."""
        await self._ask("DELETE", self._path(cluster_id), None, frozenset({404}))

    async def reseal(self, limit: int) -> Resealed:
        """Nothing: the keys are those of Kubernetes."""
        del limit
        return Resealed(done=0, left=0)

    async def _change(self, cluster_id: UUID, change: Callable[[_Data], _Data]) -> _Data:
        """Change a cluster's secrets as if nobody else did; gives what they were before."""
        for attempt in range(_TRIES):
            found = await self._read(cluster_id)
            before = _data(found)
            after = change(before)
            if after == before or await self._write(cluster_id, found, after):
                return before
            await asyncio.sleep(_PAUSE * attempt)
        raise VaultUnavailable("the Secret of a cluster is changed by others all the time")

    async def _read(self, cluster_id: UUID) -> _Secret | None:
        status, body = await self._ask("GET", self._path(cluster_id), None, frozenset({404}))
        if status not in _OK:
            return None
        try:
            return msgspec.json.decode(body, type=_Secret)
        except msgspec.DecodeError:
            pass
        # Raised out here, so that the error does not drag along what was read.
        raise VaultUnavailable("Kubernetes answers with something that is no Secret")

    async def _write(self, cluster_id: UUID, found: _Secret | None, data: _Data) -> bool:
        """False if the Secret is no longer as it was found."""
        path, unless = self._path(cluster_id), _CONFLICT_OR_GONE
        if found is None:
            method, path, unless = "POST", self._path(), _CONFLICT
            body = _secret({"name": _name(cluster_id)}, data)
        elif not data:
            version = found.metadata.get("resourceVersion")
            method, body = "DELETE", {"preconditions": {"resourceVersion": version}}
        else:
            method, body = "PUT", _secret(found.metadata, data, found.type)
        status, _ = await self._ask(method, path, body, unless)
        return status in _OK

    async def _ask(
        self, method: str, path: str, body: object, unless: frozenset[int]
    ) -> tuple[int, bytes]:
        """Status and body of an answer that is good, or one of ``unless``."""
        status, read = await self._exchange(method, path, body)
        if status >= 500 or status == 429:
            raise VaultUnavailable(f"Kubernetes cannot answer now: HTTP {status}")
        if status not in _OK | unless:
            raise KubernetesRefuses(method, self.namespace, status)
        return status, read

    async def _exchange(self, method: str, path: str, body: object) -> tuple[int, bytes]:
        content = None if body is None else msgspec.json.encode(body)
        headers = {"content-type": "application/json"} if content else None
        try:
            async with (
                asyncio.timeout(self.deadline),
                self.client.stream(method, path, content=content, headers=headers) as response,
            ):
                return response.status_code, await _bounded(response)
        except (httpx.HTTPError, TimeoutError) as error:
            failure = type(error).__name__
        # Raised out here: httpx's error holds the request, with the token and the secret in it.
        raise VaultUnavailable(f"Kubernetes did not answer: {failure}")

    def _path(self, cluster_id: UUID | None = None) -> str:
        collection = f"/api/v1/namespaces/{self.namespace}/secrets"
        return collection if cluster_id is None else f"{collection}/{_name(cluster_id)}"


async def _bounded(response: httpx.Response) -> bytes:
    read = bytearray()
    async for part in response.aiter_bytes():
        read += part
        if len(read) > _LARGEST_ANSWER:
            raise VaultUnavailable(f"Kubernetes answers with more than {_LARGEST_ANSWER} bytes")
    return bytes(read)


def _name(cluster_id: UUID) -> str:
    return f"cluster-creds-{cluster_id}"


def _data(secret: _Secret | None) -> _Data:
    return (secret.data if secret else None) or {}


def _secret(metadata: Mapping[str, Any], data: _Data, kind: str | None = None) -> dict[str, object]:
    labels: Mapping[str, str] = metadata.get("labels") or {}
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {**metadata, "labels": {**labels, **_LABELS}},
        "type": kind or "Opaque",
        "data": data,
    }


def _encoded(material: bytes) -> str:
    return base64.b64encode(material).decode()


def _decoded(encoded: str) -> Material:
    try:
        return Material(base64.b64decode(encoded, validate=True))
    except (binascii.Error, ValueError):
        raise CannotOpen from None
