"""The process that writes one report: its format by name, its data as JSON from standard input."""

import resource
import sys

from contracts.reports import ReportFormat
from services.reports.data import ReportData
from services.reports.rendering.writing import render, warm_up

_CPU_SECONDS = 120


def main() -> None:
    """Write to standard output."""
    # However it goes wrong, it does not go on for ever once nobody waits for it.
    resource.setrlimit(resource.RLIMIT_CPU, (_CPU_SECONDS, _CPU_SECONDS))
    form = ReportFormat(sys.argv[1])
    warm_up(form)
    data = ReportData.model_validate_json(sys.stdin.buffer.read())
    sys.stdout.buffer.write(render(data, form))


if __name__ == "__main__":
    main()
