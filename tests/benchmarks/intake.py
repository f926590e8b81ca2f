"""."""
from tests.benchmarks.kit import Figure, Options
async def measure(options: Options) -> list[Figure]:
    return []
