"""Has a report written in a process of its own: whatever that does, the worker goes on."""

import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from contracts.refusals import Code, Refused
from contracts.reports import ReportFormat
from services.reports.data import ReportData
from services.runtime.logging import logger

_PROGRAM = "services.reports.rendering"
_SAID = 2_000

_SAY = logger("reports")


@dataclass(frozen=True, slots=True)
class Writer:
    """A process that waits for a report to write."""

    process: Process

    async def write(self, data: ReportData, seconds: float) -> bytes:
        """The file; QUERY_TIMEOUT if it takes longer, INTERNAL_ERROR if it cannot be written."""
        try:
            async with asyncio.timeout(seconds):
                out, said = await self.process.communicate(data.model_dump_json().encode())
        except TimeoutError:
            text = f"it could not be written in {seconds:.0f} s; take fewer clusters or less time"
            raise Refused(Code.QUERY_TIMEOUT, text) from None
        if self.process.returncode:
            reason = said.decode(errors="replace")[-_SAID:]
            _SAY.error("report_not_written", report=str(data.report_id), reason=reason)
            text = "it could not be written; the worker's log says more"
            raise Refused(Code.INTERNAL_ERROR, text)
        return out


@asynccontextmanager
async def writer(form: ReportFormat) -> AsyncGenerator[Writer]:
    """One for the time of a block. It loads what it needs while the report is read, which takes it
    more than a second of CPU.

    It knows nothing but the data of its report: no setting, no address and no secret of ours.
    """
    # -I: neither the folder nor variables of whoever started us say what is loaded.
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-I", "-m", _PROGRAM, form.value),
        stdin=PIPE,
        stdout=PIPE,
        stderr=PIPE,
        env={},
    )
    try:
        yield Writer(process)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
