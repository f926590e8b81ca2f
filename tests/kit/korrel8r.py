"""A Korrel8r that relates a pod, its workload, its node and its logs to each alert about a pod.

Speaks as doc/korrel8r-openapi.yaml of its repository says, version v1alpha1.
"""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import msgspec

from tests.runtime.outbound.origins import Origin, Talk, answer, serving

Json = dict[str, Any]
PATH = "/api/v1alpha1/graphs/neighbors?rules=true"
OLD_PATH = "/api/v1alpha1/graphs/neighbours?rules=true"
POD, NODE = "k8s:Pod.v1", "k8s:Node.v1"


def counted(query: str, count: int = 1) -> Json:
    """A query, and how much it has found."""
    return {"query": query, "count": count}


def node(class_: str, *queries: Json) -> Json:
    """All that was found of a class."""
    count = sum(each["count"] for each in queries)
    return {"class": class_, "count": count, "queries": list(queries)}


def edge(start: str, goal: str, rule: str, *queries: Json) -> Json:
    """A rule that was followed from one class to another."""
    return {"start": start, "goal": goal, "rules": [{"name": rule, "queries": list(queries)}]}


def pod_query(namespace: str, name: str) -> str:
    return f'k8s:Pod.v1:{{"namespace":"{namespace}","name":"{name}"}}'


def graph(labels: Mapping[str, str], workload: str = "cart", on: str = "worker-3") -> Json:
    """Around an alert of these labels."""
    start = f"alert:alert:{msgspec.json.encode(dict(labels)).decode()}"
    namespace = labels["namespace"]
    pod = counted(pod_query(namespace, labels["pod"]))
    owner = counted(f'k8s:Deployment.v1.apps:{{"namespace":"{namespace}","name":"{workload}"}}')
    where = counted(f'k8s:Node.v1:{{"name":"{on}"}}')
    lines = counted(f'log:application:{{kubernetes_namespace_name="{namespace}"}}', 812)
    return {
        "nodes": [
            node("alert:alert", counted(start)),
            node(POD, pod),
            node("k8s:Deployment.v1.apps", owner),
            node(NODE, where),
            node("log:application", lines),
        ],
        "edges": [
            edge("alert:alert", POD, "AlertToPod", pod),
            edge(POD, "k8s:Deployment.v1.apps", "DependentToOwner", owner),
            edge(POD, NODE, "PodToNode", where),
            edge(POD, "log:application", "PodToLogs", lines),
        ],
    }


@dataclass
class FakeKorrel8r:
    """What it was asked, and how it talks instead if it is not well."""

    origin: Origin
    is_old: bool = False
    """It knows the older spelling alone."""
    ill: Talk | None = None
    asked: list[Json] = field(default_factory=list[Json])

    @property
    def url(self) -> str:
        return self.origin.url()

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        _, path, _ = self.origin.heads[-1].split(" ", 2)
        body = await reader.readexactly(int(self.origin.header("content-length") or 0))
        is_known = path.endswith("/domains") or path == (OLD_PATH if self.is_old else PATH)
        if not is_known:
            writer.write(answer(b"404 page not found", "404 Not Found"))
        elif self.ill is not None:
            await self.ill(reader, writer)
            return
        elif path.endswith("/domains"):
            writer.write(answer(b'[{"name":"alert"},{"name":"k8s"}]'))
        else:
            asked = msgspec.json.decode(body)
            self.asked.append(asked)
            (query,) = asked["start"]["queries"]
            labels = msgspec.json.decode(query.removeprefix("alert:alert:"), type=dict[str, str])
            writer.write(answer(msgspec.json.encode(graph(labels) if "pod" in labels else {})))
        await writer.drain()


@asynccontextmanager
async def korrel8r(
    *, is_old: bool = False, ill: Talk | None = None
) -> AsyncGenerator[FakeKorrel8r]:
    """One for the time of a block."""
    made: list[FakeKorrel8r] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await made[0].talk(reader, writer)

    async with serving(talk) as origin:
        made.append(FakeKorrel8r(origin, is_old, ill))
        yield made[0]
