"""Entities and what connects them: who calls, contains, owns or carries whom."""

from collections import defaultdict, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

Relation = Literal["calls", "runs on", "part of", "owned by"]
"""Each read from left to right: a service calls another one, a pod runs on a node, a node is part
of a cluster, a pod is owned by a workload."""


@dataclass(frozen=True, slots=True)
class Graph:
    """Directed edges between entities, by relation."""

    edges: Mapping[Relation, Mapping[str, frozenset[str]]]

    def next(self, entity: str, *relations: Relation) -> list[str]:
        """Where edges of one of these relations lead, in order of names."""
        found = (self.edges.get(relation, {}).get(entity, ()) for relation in relations)
        return sorted({each for some in found for each in some})

    def reach(self, start: str, *relations: Relation) -> dict[str, int]:
        """What can be reached from an entity, itself included, and in how many steps."""
        steps = {start: 0}
        left = deque([start])
        while left:
            entity = left.popleft()
            for each in self.next(entity, *relations):
                if each not in steps:
                    steps[each] = steps[entity] + 1
                    left.append(each)
        return steps


def graph(edges: Iterable[tuple[str, Relation, str]]) -> Graph:
    """Of edges in any order, with or without repetitions; an edge to itself does not count."""
    found: dict[Relation, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for start, relation, end in edges:
        if start != end:
            found[relation][start].add(end)
    return Graph(
        {
            relation: {start: frozenset(ends) for start, ends in by_start.items()}
            for relation, by_start in found.items()
        }
    )
