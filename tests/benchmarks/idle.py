"""The platform with nothing to do: memory (proportional set size) and CPU of all processes."""

import asyncio

from tests.benchmarks.kit import Cpu, Figure, Options, at_most, by_part, log, memory_mb
from tests.benchmarks.platform import platform


async def measure(options: Options) -> list[Figure]:
    """Let it settle, then watch."""
    with platform() as running:
        await asyncio.sleep(options.pick(20, 8))
        everything = Cpu(running.parts | {"all": running.run["pid"]})
        used = everything.measured()
        seconds = options.pick(30, 8)
        await asyncio.sleep(seconds)
        cpu = used()
        memory = {name: memory_mb(pid) for name, pid in everything.parts.items()}
    total_cpu, total_memory = cpu.pop("all") / seconds * 100, memory.pop("all")
    cpu_note = by_part(cpu, 100 / seconds, " %")
    memory["launcher"] = total_memory - sum(memory.values())
    memory_note = by_part(memory, 1.0, " MB")
    log(f"{total_memory:.0f} MB, {total_cpu:.2f} % of a core")
    return [
        Figure("idle", "memory", total_memory, "MB", (at_most(350),), note=memory_note),
        Figure("idle", "CPU", total_cpu, "% of a core", (at_most(3),), note=cpu_note),
    ]
