"""The API guide's examples run as they are written, and print what the page shows."""

from collections.abc import Generator

import pytest

from tests.kit.guides import differs, run_steps, steps, wrong
from tests.kit.hub import Hub, running_hub, until

pytestmark = [pytest.mark.flow, pytest.mark.timeout(300)]

_PAGE = "gateway/API.md"
_DOORS = (
    "/auth/me",
    "/api/v1/clusters",
    "/api/v1/events",
    "/api/v1/commands",
    "/api/v1/tokens",
    "metrics/query",
    "logs/query",
    "traces/search",
    "/prometheus/api/v1/query",
    "aiops_live",
    "/api/v1/events/stream",
    "/mcp",
    "/api/v1/alerts/webhook",
)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Generator[Hub]:
    """A hub with the simulated fleet and with its limits, as a user of the page has it."""
    directory = tmp_path_factory.mktemp("guide") / "data"
    with (
        running_hub(directory, "--demo", AIOPS_LIMITS__ENABLED="true") as hub,
        hub.client() as http,
    ):
        until(lambda: _online(http.get("/api/v1/fleet/summary").json()) == 12, within=60, every=0.5)
        yield hub


def _online(summary: dict[str, dict[str, int]]) -> int:
    return summary["by_state"].get("ONLINE", 0)


def test_every_example_of_the_api_guide_prints_what_the_page_shows(demo: Hub) -> None:
    told = steps(_PAGE)
    assert list(wrong(told, run_steps(told, demo.environment, within=150))) == []


def test_the_guide_has_an_example_of_every_door_and_shows_what_it_prints() -> None:
    told = steps(_PAGE)
    code = "\n".join(step.code for step in told)
    assert [door for door in _DOORS if door not in code] == []
    # Those that print nothing only set up what others use.
    silent = [step.code for step in told if step.shown is None]
    assert [each for each in silent if "export" not in each] == []


@pytest.mark.parametrize(
    ("shown", "printed", "right"),
    [
        ("a b\n", "a  b\n", True),
        ("a … d", "a b c d", True),
        ("…d\n", "a b c d\n", True),
        ("a b", "a b c", False),
        ("b …", "a b c", False),
        ("a … b … c", "a c b", False),
        ("a … c", "a c b", False),
    ],
)
def test_an_output_differs_where_more_differs_than_was_left_out(
    shown: str, printed: str, right: bool
) -> None:
    assert (differs(shown, printed) is None) is right
