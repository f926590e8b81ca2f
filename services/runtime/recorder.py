"""The log as a store of the ``eventsourcing`` library: its applications run on the platform's EVT.

``Application(env={"PERSISTENCE_MODULE": "services.runtime.recorder"})``. An event lies at
``evt.-.<entity>.<originator>.<event>.<version>`` with the platform's whole envelope, so that the
platform's readers meet it like any other; a notification's id is its position in the log.
The library is synchronous: every call goes through one background loop with one connection. For
command line tools and for who extends the hub; our own services decide with pure functions.
"""

import re
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any, cast
from uuid import UUID

import msgspec
from eventsourcing.persistence import (
    AggregateRecorder,
    ApplicationRecorder,
    DataError,
    InfrastructureFactory,
    InfrastructureFactoryError,
    IntegrityError,
    Notification,
    OperationalError,
    ProcessRecorder,
    StoredEvent,
    Subscription,
    TrackingRecorder,
)
from eventsourcing.utils import Environment, EnvType

from contracts.envelope import rfc3339
from contracts.subjects import NO_CLUSTER, EntityKey, address, parse, token
from services.runtime import streams
from services.runtime.bus import (
    Ack,
    BusUnavailable,
    JetStreamRefused,
    Outgoing,
    Stored,
    TooManySubjects,
)
from services.runtime.bus_thread import BusThread
from services.runtime.clock import Clock, SystemClock
from services.runtime.ids import new_id
from services.runtime.log import NOTHING, Head
from services.runtime.pull import Ordered, PullReader, read_delivered
from services.runtime.settings import NatsSettings, load_settings

_WRONG_SEQUENCE, _DUPLICATE_IN_BATCH = 10071, 10201
_LARGEST_INSERT = 1000
_TRIES = 8
_PAGE = 256
_VERSIONS_PER_READ = 500
_WORD_ENDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_NO_TOKEN = re.compile(r"[^a-z0-9]+")
_LONGEST_NAME = 64

OriginatorId = UUID | str
