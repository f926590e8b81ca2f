"""What watches the platform itself: scraping, alerts, a dashboard.

The alerts and the dashboard are those of `deploy/prometheus` and `deploy/grafana`. Objects of the
Prometheus operator: https://prometheus-operator.dev/docs/api-reference/api/.
"""

from pathlib import Path
from typing import Any

import yaml

from deploy.kubernetes import parts
from deploy.kubernetes.metadata import PRODUCT, Object, name_of, new, selector
from deploy.kubernetes.nodes import Is
from deploy.kubernetes.secrets import METRICS
from deploy.platform import PARTS

WATCHED = Is("monitoring.enabled")
_DEPLOY = Path(__file__).parents[1]
RULES = _DEPLOY / "prometheus" / "aiops-rules.yaml"
DASHBOARD = _DEPLOY / "grafana" / "aiops-platform.json"
_KIND = "monitoring.coreos.com/v1"
_COMPONENT = "monitoring"


def objects() -> list[Object]:
    """Everything that watches."""
    watched = [part.name for part in PARTS if part.health is not None]
    return [*map(_monitor, watched), _rules(), _dashboard()]


def _monitor(part: str) -> Object:
    endpoint: dict[str, Any] = {"port": "http", "path": "/metrics", "interval": "15s"}
    if part == parts.GATEWAY:
        # It tells its metrics to administrators alone.
        token = {"name": METRICS, "key": "token"}
        endpoint["authorization"] = {"type": "Bearer", "credentials": token}
    spec = {
        "endpoints": [endpoint],
        "jobLabel": "app.kubernetes.io/part-of",
        "selector": {"matchLabels": selector(part)},
    }
    return new(f"{_KIND} ServiceMonitor", name_of(part), part, spec=spec)


def _rules() -> Object:
    told: dict[str, Any] = yaml.safe_load(RULES.read_text())
    return new(f"{_KIND} PrometheusRule", PRODUCT, _COMPONENT, spec=told)


def _dashboard() -> Object:
    made = new(
        "v1 ConfigMap",
        f"{PRODUCT}-dashboard",
        _COMPONENT,
        data={DASHBOARD.name: DASHBOARD.read_text()},
    )
    # By it Grafana's sidecar finds dashboards.
    made["metadata"]["labels"]["grafana_dashboard"] = "1"
    return made
