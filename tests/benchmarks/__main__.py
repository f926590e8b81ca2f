"""``python -m tests.benchmarks [names…] [--quick] [--json FILE]``: measures, and tells."""

import argparse
import sys
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

import uvloop

from tests.benchmarks import (
    alert_reads,
    anomalies,
    append,
    as_of,
    backup,
    chats,
    command,
    detector,
    discovery,
    edge,
    everything,
    federation,
    fleet,
    footprint,
    gpu,
    gpu_reads,
    gpu_samples,
    idle,
    intake,
    latency,
    limits,
    listing,
    live,
    mcp,
    partitions,
    projection,
    rca,
    rca_ready,
    rca_ready_live,
    replay_speed,
    report,
    reports,
    scale_out,
    scale_tables,
    storm,
    storm_incidents,
    streaming,
    ui,
    what_if,
)
from tests.benchmarks.kit import Figure, Options, calm_collector

Benchmark = Callable[[Options], Awaitable[list[Figure]]]

BENCHMARKS: Mapping[str, Benchmark] = {
    "append": append.measure,
    "command": command.measure,
    "projection": projection.measure,
    "partitions": partitions.measure,
    "scale_out": scale_out.measure,
    "scale_model": scale_tables.measure,
    "gpu_samples": gpu_samples.measure,
    "latency": latency.measure,
    "storm": storm.measure,
    "storm_incidents": storm_incidents.measure,
    "intake": intake.measure,
    "listing": listing.measure,
    "alert_reads": alert_reads.measure,
    "as_of": as_of.measure,
    "footprint": footprint.measure,
    "idle": idle.measure,
    "live": live.measure,
    "replay_speed": replay_speed.measure,
    "discovery": discovery.measure,
    "fleet": fleet.measure,
    "federation": federation.measure,
    "edge": edge.measure,
    "gpu": gpu.measure,
    "everything": everything.measure,
    "gpu_reads": gpu_reads.measure,
    "anomalies": anomalies.measure,
    "rca": rca.measure,
    "what_if": what_if.measure,
    "rca_ready": rca_ready.measure,
    "rca_ready_live": rca_ready_live.measure,
    "reports": reports.measure,
    "detector": detector.measure,
    "limits": limits.measure,
    "mcp": mcp.measure,
    "streaming": streaming.measure,
    "chats": chats.measure,
    "backup": backup.measure,
    "ui": ui.measure,
}


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="name", help=", ".join(BENCHMARKS))
    parser.add_argument("--quick", action="store_true", help="short and inexact, to try it out")
    parser.add_argument(
        "--cut", type=float, default=0.0, metavar="SECONDS", help="how long `edge` cuts the link"
    )
    parser.add_argument(
        "--minutes", type=float, default=3.0, help="how long `ui` watches the memory of pages"
    )
    parser.add_argument("--json", type=Path, default=Path("bench.json"), metavar="FILE")
    chosen = parser.parse_args()
    unknown = sorted(set(chosen.names) - set(BENCHMARKS))
    if unknown:
        parser.error(f"unknown: {', '.join(unknown)}; known: {', '.join(BENCHMARKS)}")
    return chosen


def main() -> int:
    """Run what was chosen, one after the other; 1 if one of them could not measure."""
    chosen = _arguments()
    options, found = Options(chosen.quick, chosen.cut, chosen.minutes), report.machine()
    print(report.about(found), flush=True)
    calm_collector()
    figures: list[Figure] = []
    failed: list[str] = []
    for name in chosen.names or BENCHMARKS:
        print(f"\n{name}: {(sys.modules[BENCHMARKS[name].__module__].__doc__ or '').strip()}")
        try:
            figures += uvloop.run(_run(BENCHMARKS[name], options))
        except Exception as error:  # noqa: BLE001 - the others are worth measuring
            print(f"  failed: {type(error).__name__}: {error}", flush=True)
            failed.append(name)
        chosen.json.write_bytes(report.document(found, figures, quick=options.quick))
    print(f"\n{report.about(found)}\n\n{report.table(figures)}\n\nAs JSON: {chosen.json}")
    if failed:
        print(f"Could not measure: {', '.join(failed)}")
    return 1 if failed else 0


async def _run(benchmark: Benchmark, options: Options) -> list[Figure]:
    return await benchmark(options)


if __name__ == "__main__":
    sys.exit(main())
