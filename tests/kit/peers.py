"""Real Prometheus and Alertmanager from the system's packages, and something to scrape."""

import http.server
import subprocess
import threading
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from deploy.local.ports import free_port
from tests.kit.alertmanager import PROGRAM, Shape
from tests.kit.programs import program


class Target:
    """An exporter with one gauge, ``demo_broken``."""

    def __init__(self) -> None:
        self.broken = 0
        target = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = f"# TYPE demo_broken gauge\ndemo_broken {target.broken}\n".encode()
                self.send_response(200)
                self.send_header("content-type", "text/plain; version=0.0.4")
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                return

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@contextmanager
def target() -> Generator[Target]:
    """Something to scrape, for the time of a block."""
    found = Target()
    try:
        yield found
    finally:
        found.close()


@contextmanager
def alertmanager(directory: Path, url: str, token_file: Path) -> Generator[int]:
    """An Alertmanager that posts everything to ``url``; its port."""
    shape = Shape(webhook=url, token_file=token_file)
    (directory / "alertmanager.yml").write_text(shape.configuration)
    port = free_port()
    with _running(
        program(PROGRAM),
        f"--config.file={directory / 'alertmanager.yml'}",
        f"--storage.path={directory / 'am'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--cluster.listen-address=",
        log=directory / "alertmanager.log",
    ):
        yield port


@contextmanager
def prometheus(
    directory: Path, scrape: int, alertmanager: int, hub: str, token_file: Path
) -> Generator[int]:
    """A Prometheus with one rule, which sends its alerts to an Alertmanager and to the hub."""
    (directory / "rules.yml").write_text("""
groups:
  - name: demo
    rules:
      - alert: DemoBroken
        expr: demo_broken == 1
        labels: {severity: critical, namespace: demo}
        annotations: {summary: "the demo is broken"}
""")
    (directory / "prometheus.yml").write_text(f"""
global: {{scrape_interval: 1s, evaluation_interval: 1s}}
rule_files: [{directory / "rules.yml"}]
scrape_configs:
  - job_name: demo
    static_configs: [{{targets: ['127.0.0.1:{scrape}']}}]
alerting:
  alertmanagers:
    - static_configs: [{{targets: ['127.0.0.1:{alertmanager}']}}]
    - static_configs: [{{targets: ['{hub}']}}]
      path_prefix: /alertmanager
      authorization: {{credentials_file: {token_file}}}
""")
    port = free_port()
    with _running(
        program("prometheus"),
        f"--config.file={directory / 'prometheus.yml'}",
        f"--storage.tsdb.path={directory / 'tsdb'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--rules.alert.resend-delay=1s",
        log=directory / "prometheus.log",
    ):
        yield port


@contextmanager
def _running(*argv: str, log: Path) -> Generator[None]:
    with log.open("wb") as file:
        process = subprocess.Popen(argv, stdout=file, stderr=subprocess.STDOUT)
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
