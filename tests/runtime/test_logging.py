"""What the platform says of itself: a JSON object a line, no secret in any, closed metrics."""

import json
import logging
from collections.abc import Generator
from typing import Any

import pytest
import structlog
from prometheus_client import CollectorRegistry, Metric
from pydantic import SecretStr

from services.runtime import metrics
from services.runtime.logging import bind, configure, logger, unbind
from services.runtime.settings import DatabaseSettings, NatsSettings, Settings, TelemetrySettings

SECRET = "correct-horse-battery-staple"


@pytest.fixture(autouse=True)
def _as_before() -> Generator[None]:
    """Logging is the whole process's: give it back as it was."""
    before, root = structlog.get_config(), logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    structlog.contextvars.clear_contextvars()
    structlog.configure(**before)
    root.handlers[:] = handlers
    root.setLevel(level)


class Lines:
    """What a process has said; made within the test, which has its own standard error."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys
        configure(TelemetrySettings(), "workers")

    def __call__(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self._capsys.readouterr().err.splitlines()]


def test_a_line_is_one_json_object_that_says_when_where_and_what(
    capsys: pytest.CaptureFixture[str],
) -> None:
    lines = Lines(capsys)
    logger("commands", command_area="clusters").warning("postponed", tries=3)
    (line,) = lines()
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "part": "workers",
        "area": "commands",
        "command_area": "clusters",
        "event": "postponed",
        "level": "warning",
        "tries": 3,
    }


def test_a_traceback_stays_on_the_line(capsys: pytest.CaptureFixture[str]) -> None:
    lines = Lines(capsys)
    try:
        raise ValueError("first\nsecond")  # noqa: TRY301
    except ValueError:
        logger("commands").exception("buried")
    (line,) = lines()
    assert "ValueError: first\nsecond" in line["exception"]


def test_text_of_others_cannot_make_a_line_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    lines = Lines(capsys)
    logger("commands").info("postponed", reason='a\n{"event": "forged"}\r\n')
    assert [line["event"] for line in lines()] == ["postponed"]


def test_what_is_bound_is_on_every_line_until_it_is_taken_back(
    capsys: pytest.CaptureFixture[str],
) -> None:
    lines = Lines(capsys)
    tokens = bind({"correlation_id": "c-1"})
    logger("a").info("inside")
    unbind(tokens)
    logger("a").info("outside")
    inside, outside = lines()
    assert inside["correlation_id"] == "c-1"
    assert "correlation_id" not in outside


def test_only_what_is_loud_enough_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    configure(TelemetrySettings(log_level="ERROR"), "workers")
    logger("a").warning("quiet")
    logger("a").error("loud")
    assert "loud" in (told := capsys.readouterr().err)
    assert "quiet" not in told


def test_libraries_speak_the_same_format(capsys: pytest.CaptureFixture[str]) -> None:
    lines = Lines(capsys)
    logging.getLogger("nats").warning("slow %s", "consumer")
    logging.getLogger("nats").info("connected")
    (line,) = lines()
    assert (line["event"], line["level"], line["part"]) == ("slow consumer", "warning", "workers")


def test_the_console_is_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    configure(TelemetrySettings(log_format="console"), "workers")
    logger("commands").info("started")
    told = capsys.readouterr().err
    assert "started" in told
    assert "{" not in told


def test_secrets_are_in_no_line(capsys: pytest.CaptureFixture[str]) -> None:
    lines = Lines(capsys)
    settings = Settings(
        nats=NatsSettings(password=SecretStr(SECRET)),
        database=DatabaseSettings(url=SecretStr(f"postgresql://a:{SECRET}@db/aiops")),
    )
    say = logger("a", password=settings.nats.password)
    say.info("started", settings=settings, database=settings.database, all=settings.model_dump())
    logging.getLogger("library").warning("using %s", settings.nats)
    told = json.dumps(lines())
    assert "started" in told
    assert SECRET not in told


def _ours() -> list[Metric]:
    """Without those that FastStream adds as soon as a broker was made in this process."""
    found = [each for each in metrics.REGISTRY.collect() if each.name.startswith("aiops_")]
    return [each for each in found if not each.name.startswith("aiops_faststream_")]


def test_every_metric_has_a_name_of_its_own_and_a_sentence() -> None:
    found = _ours()
    names = [each.name for each in found]
    assert len(names) == len(set(names)) > 20
    assert [each.name for each in found if not each.documentation.endswith(".")] == []
    assert [each.name for each in found if not each.documentation[0].isupper()] == []


def test_units_are_those_of_prometheus() -> None:
    histograms = [each.name for each in _ours() if each.type == "histogram"]
    assert [name for name in histograms if not name.endswith("_seconds")] == []


def test_the_list_of_metrics_is_in_one_place() -> None:
    declared = {
        each.describe()[0].name
        for each in vars(metrics).values()
        if hasattr(each, "describe") and not isinstance(each, CollectorRegistry | type)
    }
    assert {each.name for each in _ours() if "faststream" not in each.name} == declared


def test_the_exposition_holds_the_process_and_ours() -> None:
    told = metrics.exposition().decode()
    assert "process_resident_memory_bytes" in told
    assert "# TYPE aiops_commands_handled_total counter" in told
