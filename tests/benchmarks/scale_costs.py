"""What one event takes, as measured: the constants of `scale_model`, each with where it comes from.

CPU time, user and system, on 2 virtual cores (AMD EPYC), Python 3.11.7, nats-server 2.15.1 and
PostgreSQL 18.4, with the driver on the same cores. "quick": of a quick run on 2026-11-28 beside
others' work, when the same took up to twice as long as for the figures in the root README, which
all others are. They were not scaled down.
"""

from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one event, or of one message."""

    micro: float
    """Microseconds."""
    what: str
    where: str
    """The benchmark or note that it was measured by."""

    @property
    def seconds(self) -> float:
        return self.micro / 1e6


@dataclass(frozen=True, slots=True)
class Costs:
    """All of them, by the part that pays."""

    door: Cost
    tail: Cost
    deliver: Cost
    read: Cost
    ingest: Cost
    change: Cost
    check: Cost
    collect: Cost
    detect: Cost
    correlate: Cost
    idle: Cost
    fold: Cost
    pass_over: Cost
    fold_activity: Cost
    keep: Cost
    append: Cost
    append_copied: Cost
    tell: Cost
    tell_copied: Cost
    store: Cost
    store_copied: Cost
    hand_out: Cost
    rows: Cost
    rows_activity: Cost
    row_sample: Cost

    def all(self) -> list[tuple[str, Cost]]:
        """By name."""
        return [(each.name, getattr(self, each.name)) for each in fields(self)]


COSTS = Costs(
    # gateway
    door=Cost(150, "an alert in a post of 50, taken at the door", "`intake`, quick"),
    tail=Cost(22.4, "an event, read and kept for live clients", "`live`: resumed at 44,608/s"),
    deliver=Cost(6.5, "an event sent to a live client, alone", "bus notes: bare WebSocket"),
    read=Cost(536, "a list of 20 alerts by REST, all parts", "`listing`: 3,470/s by two cores"),
    # workers
    ingest=Cost(189, "an alert in a post of 50, decided and appended", "`scale_out`, quick"),
    change=Cost(620, "a change of a cluster, decided and appended", "`scale_out`, quick"),
    check=Cost(4_400, "a health check over TLS, all parts", "`fleet`: 14.7 % of a core at 33/s"),
    collect=Cost(
        259, "a GPU's sample, from its source to its row, all parts", "`gpu`: 17.3 % at 667/s"
    ),
    detect=Cost(
        40, "a value of a series, looked at (12 when catching up)", "`detector`: 10.7 % at 2,667/s"
    ),
    correlate=Cost(
        1_860, "an alert, correlated in a storm (700 in small ones)", "`storm_incidents`, `what_if`"
    ),
    idle=Cost(30_000, "a second of workers that have nothing to do", "`scale_out`, quick"),
    # projector
    fold=Cost(79, "an event, folded into alerts", "`partitions`, quick"),
    pass_over=Cost(3.6, "an event of another partition, passed over", "projections, Decisions"),
    fold_activity=Cost(101, "an event, folded into all other projections", "`intake`, quick: 180"),
    keep=Cost(8.5, "a GPU's sample, written", "`gpu_samples`: 117,134/s"),
    # leaders of streams: time, not CPU
    append=Cost(33.5, "an append to one stream, one copy", "`append`, raw: 29,865/s"),
    append_copied=Cost(42.3, "an append, three copies", "bus notes: 23,621/s"),
    tell=Cost(21.4, "a message of telemetry, one copy", "bus notes: 46,686/s"),
    tell_copied=Cost(42.3, "a message of telemetry, three copies", "as an append"),
    # NATS
    store=Cost(15, "an append, CPU of the server", "bus notes"),
    store_copied=Cost(55, "an append, CPU of all three servers", "bus notes"),
    hand_out=Cost(5, "an event handed to one reader", "bus notes: own pull loop"),
    # PostgreSQL
    rows=Cost(62, "an event's rows of alerts", "`partitions`, quick"),
    rows_activity=Cost(128, "an event's rows of all other projections", "`intake`, quick: 190"),
    row_sample=Cost(4.8, "a GPU's sample", "projections, Decisions"),
)
