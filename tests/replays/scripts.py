"""Incidents with a known cause: all the scripts, and how what they tell gets into the log."""

import random
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from contracts.envelope import Recorded
from tests.kit.samples import START
from tests.replays.scene import Scene as Scene, Script as Script
from tests.replays.scripts_apps import APPS
from tests.replays.scripts_data import DATA
from tests.replays.scripts_gpu import GPU
from tests.replays.scripts_network import NETWORK
from tests.replays.scripts_nodes import NODES
from tests.replays.scripts_platform import PLATFORM
from tests.replays.scripts_telco import TELCO
from tests.replays.words import about, as_recorded

LATEST = 40.0
"""So many seconds after they fire, alerts may be told at the latest."""

SCRIPTS: Mapping[str, Script] = {
    **NODES,
    **GPU,
    **NETWORK,
    **APPS,
    **DATA,
    **PLATFORM,
    **TELCO,
}


def hidden(scene: Scene) -> Scene:
    """The same without anything about its cause: only the consequences elsewhere are left."""
    left = [one for one in scene.symptoms if not one.leading and not about(one, scene.right)]
    first = min((one.after for one in left), default=0.0)
    moved = tuple(replace(one, after=one.after - first) for one in left)
    return replace(scene, symptoms=moved, tells=frozenset())


def recorded(
    scene: Scene, source: random.Random, begin: datetime = START, sequence: int = 1
) -> list[Recorded]:
    """What the log holds of a scene that began then, in the order in which it is told.

    The hub's own events come at once, alerts up to `LATEST` late.
    """
    told = [
        (one, 0.0 if one.event is not None else source.uniform(0, LATEST)) for one in scene.symptoms
    ]
    told.sort(key=lambda one: one[0].after + one[1])
    return [
        as_recorded(one, number, begin, late)
        for number, (one, late) in enumerate(told, start=sequence)
    ]
