"""`aiops events tail` at a live stream."""

import json

import pytest

from deploy.cli.events import TailRequest, tail
from services.runtime.log import EventLog
from services.runtime.settings import Settings
from tests.kit.live import ADMIN, alerts, serving

pytestmark = [pytest.mark.anyio, pytest.mark.nats, pytest.mark.postgres]


async def test_it_ends_after_so_many_events(
    log: EventLog,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("AIOPS_DATA_DIR", str(settings.data_dir))
    monkeypatch.setenv("AIOPS_NATS__URL", settings.nats.url)
    monkeypatch.setenv("AIOPS_DATABASE__URL", settings.database.url.get_secret_value())
    async with serving(log) as stream:
        run = {"gateway": f"http://127.0.0.1:{stream.server.port}", "token": ADMIN}
        (settings.data_dir / "run.json").write_text(json.dumps(run))
        sequences = await stream.fire(*alerts(5))
        await tail(TailRequest([], [], 0, 3, as_json=True))
        shown = [json.loads(line)["sequence"] for line in capsys.readouterr().out.splitlines()]
        assert shown == sequences[:3]
        await tail(TailRequest(["ALERT_FIRED"], [], sequences[3], 1, as_json=False))
        (line,) = capsys.readouterr().out.splitlines()
        assert line.split()[0::2] == [str(sequences[4]), "ALERT_FIRED"]
        await tail(TailRequest([], [], sequences[4] - 1, 1, as_json=True))
        assert f'"sequence": {sequences[4]}' in capsys.readouterr().out
