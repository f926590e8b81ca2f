"""Root causes of scripted incidents, from the log and what was seen live; also with the cause
hidden, and from the log alone."""

import time
from collections.abc import Sequence
from statistics import fmean, pstdev

from tests.benchmarks.kit import Figure, Options, at_least, at_most, log
from tests.replays.judged import Judged, judged

_BENCH = "rca"
_FIRST = 100
"""Seeds from here on: no constant was chosen by them."""
_SEEDS = 20


def measure(options: Options) -> list[Figure]:
    """Every script with several seeds."""
    started = time.process_time()
    by_seed = [judged([seed]) for seed in range(_FIRST, _FIRST + options.pick(_SEEDS, 2))]
    seconds = time.process_time() - started
    every = [each for some in by_seed for each in some]
    log(f"{len(every)} scripted incidents")
    unseen = [each.unseen for each in every if each.unseen is not None]
    unknown = sum(each.cause is None for each in unseen) / len(unseen)
    dark = [each.unseen_of_log for each in every if each.unseen_of_log is not None]
    unknown_by_log = sum(each.cause is None for each in dark) / len(dark)
    by_log = sum(each.found_by_log for each in every) / len(every)
    plain = sum(each.found_plainly for each in every) / len(every)
    third = sum(each.among_three for each in every) / len(every)
    facts = [claim for each in every for one in each.finding.causes for claim in one.claims]
    told = sum(claim.is_fact for claim in facts) / len(facts)
    spread = [_found(some) for some in by_seed]
    note = f"by seed sd {pstdev(spread):.2f}, least {min(spread):.2f}; raw: the first critical"
    price = "folded and analysed: of four analyses of it, one"
    return [
        Figure(_BENCH, "scripted, AC@1", fmean(spread), "", (at_least(0.9),), plain, note),
        Figure(_BENCH, "scripted, of the log alone, AC@1", by_log, "", (at_least(0.9),), plain),
        Figure(_BENCH, "scripted, AC@3", third, "", (), None, f"facts of claims: {told:.2f}"),
        Figure(_BENCH, "cause hidden: unknown", unknown, "", (at_least(0.9),)),
        Figure(_BENCH, "the same, of the log alone", unknown_by_log, "", (at_least(0.9),)),
        Figure(
            _BENCH,
            "a scripted incident",
            seconds / len(every) / 4,
            "s of CPU",
            (at_most(2.0),),
            None,
            price,
        ),
    ]


def _found(some: Sequence[Judged]) -> float:
    return sum(each.found for each in some) / len(some)
