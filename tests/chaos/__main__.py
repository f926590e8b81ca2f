"""`make chaos`: ten minutes of failures under load, and whether everything was kept."""

import argparse
import sys

from tests.benchmarks.kit import percentile
from tests.chaos.run import Outcome, Plan, run


def _told(outcome: Outcome) -> list[str]:
    verdict, clients = outcome.verdict, outcome.clients
    lines = [
        f"{name}: {len(times)} times, well again after {max(times):.1f} s at most"
        for name, times in sorted(outcome.recoveries.items())
    ]
    times = outcome.all_recoveries
    p50, p99 = percentile(times, 0.5), percentile(times, 0.99)
    lines.append(f"{len(times)} faults: recovery p50 {p50:.1f} s, p99 {p99:.1f} s")
    lines.append(f"{outcome.posts} posts accepted, {outcome.refused} put off and posted again")
    if verdict is not None:
        lines += [
            f"{verdict.fired} alerts and {verdict.ended} ends accepted:"
            f" lost in the log {verdict.lost_in_log}, doubled {verdict.doubled_in_log};"
            f" lost in the table {verdict.lost_in_table}, doubled {verdict.doubled_in_table}",
            f"ended before they were known to fire: {verdict.unfired}",
            f"{verdict.settled:.1f} s after the last post the table had caught up,"
            f" after {verdict.listed:.1f} s the list of events",
        ]
    lines.append(f"clients: {dict(clients)}")
    lines.append("memory, most in the first third · in the last · at all:")
    return [*lines, *outcome.memory]


def wrong(outcome: Outcome) -> list[str]:
    """What was not kept."""
    verdict, clients = outcome.verdict, outcome.clients
    found = [f"not well again after: {name}" for name in outcome.failed]
    if verdict is None or not verdict.holds:
        found.append(f"log or table: {verdict}")
    faults = ("missing", "doubled", "unknown", "disordered", "died")
    if not clients or any(clients[name] for name in faults):
        found.append(f"clients: {dict(clients)}")
    return found


def main() -> int:
    """Run it; 1 if something was lost or doubled, or did not come back."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--rate", type=float, default=500, help="alerts a second")
    parser.add_argument("--clients", type=int, default=500)
    parser.add_argument("--clusters", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--database-away", type=float, default=60, help="seconds")
    outcome = run(Plan(**vars(parser.parse_args())))
    print("\n".join(_told(outcome)))
    found = wrong(outcome)
    for line in found:
        print(line, file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
