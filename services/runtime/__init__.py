"""What every service stands on: bus, log, delivery, projections, tail, settings, clock, ids."""

import sys
from types import ModuleType
from typing import cast

# nats-py loads aiohttp for `ws://` addresses, which nothing here has, and does without where there
# is none: 11 MB and 90 ms of each process. Nobody else of ours wants it.
sys.modules.setdefault("aiohttp", cast("ModuleType", None))
