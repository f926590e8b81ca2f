"""What the gateway's routes are for, and a good request to each."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from services.runtime.ids import new_id
from services.runtime.principals import Role
from tests.gateway.access.world import PERSONA, Somewhere
from tests.kit.gateway import alert, webhook

ADMIN, OPERATOR, VIEWER, INGEST = Role
Request = Mapping[str, Any]
"""What httpx is given."""


@dataclass(frozen=True)
class Right:
    """Who may use a route."""

    roles: frozenset[Role]
    whole: bool = False
    """Only with a role for everything."""


PUBLIC = Right(frozenset())
LOGGED_IN = Right(frozenset(Role))
READ = Right(frozenset({ADMIN, OPERATOR, VIEWER}))
OPERATE = Right(frozenset({ADMIN, OPERATOR}))
CHANGE = Right(frozenset({ADMIN}))
POST = Right(frozenset({ADMIN, INGEST}))
RULE = Right(frozenset({ADMIN}), whole=True)
OPERATE_ALL = Right(frozenset({ADMIN, OPERATOR}), whole=True)

API = "/api/v1"
ROUTES: Mapping[str, Right] = {
    "GET /": PUBLIC,
    "GET /login": PUBLIC,
    "GET /docs": PUBLIC,
    "GET /asyncapi": PUBLIC,
    "GET /asyncapi.json": PUBLIC,
    "GET /assets/{name:path}": PUBLIC,
    "GET /ui/{name:path}": PUBLIC,
    "GET /openapi.json": PUBLIC,
    "GET /health": PUBLIC,
    "GET /ready": PUBLIC,
    "POST /auth/login": PUBLIC,
    "POST /auth/logout": PUBLIC,
    "GET /auth/ways": PUBLIC,
    "GET /auth/start": PUBLIC,
    "GET /auth/callback": PUBLIC,
    "GET /auth/me": LOGGED_IN,
    "GET /auth/sessions": LOGGED_IN,
    "DELETE /auth/sessions/{session_id:uuid}": LOGGED_IN,
    "GET /health/detailed": RULE,
    "GET /metrics": RULE,
    f"GET {API}/clusters": READ,
    f"POST {API}/clusters": RULE,
    f"GET {API}/clusters/by-name/{{name:str}}": READ,
    f"POST {API}/clusters/import": RULE,
    f"GET {API}/clusters/{{cluster_id:uuid}}": READ,
    f"PUT {API}/clusters/{{cluster_id:uuid}}": CHANGE,
    f"PATCH {API}/clusters/{{cluster_id:uuid}}": CHANGE,
    f"DELETE {API}/clusters/{{cluster_id:uuid}}": CHANGE,
    f"GET {API}/clusters/{{cluster_id:uuid}}/status": READ,
    f"POST {API}/clusters/{{cluster_id:uuid}}/refresh": OPERATE,
    f"GET {API}/clusters/{{cluster_id:uuid}}/credentials": READ,
    f"POST {API}/clusters/{{cluster_id:uuid}}/credentials": CHANGE,
    f"DELETE {API}/clusters/{{cluster_id:uuid}}/credentials": CHANGE,
    f"POST {API}/clusters/{{cluster_id:uuid}}/credentials/rotate": CHANGE,
    f"POST {API}/clusters/{{cluster_id:uuid}}/credentials/validate": CHANGE,
    f"GET {API}/fleet/summary": READ,
    f"GET {API}/fleet/health": READ,
    f"GET {API}/fleet/capabilities": READ,
    f"GET {API}/alerts": READ,
    f"GET {API}/alerts/facets": READ,
    f"GET {API}/alerts/groups": READ,
    f"GET {API}/alerts/history": READ,
    f"GET {API}/alerts/{{ref:str}}": READ,
    f"POST {API}/alerts/{{ref:str}}/silence": OPERATE,
    f"POST {API}/alerts/webhook": POST,
    f"POST {API}/alerts/webhook/{{cluster_id:uuid}}": POST,
    "POST /alertmanager/api/v1/alerts": POST,
    "POST /alertmanager/api/v2/alerts": POST,
    f"GET {API}/silences": READ,
    f"DELETE {API}/silences/{{silence_id:str}}": OPERATE,
    f"GET {API}/gpu/nodes": READ,
    f"GET {API}/gpu/nodes/{{cluster_id:uuid}}/{{node_name:str}}": READ,
    f"GET {API}/gpu/summary": READ,
    f"GET {API}/gpu/processes": READ,
    f"GET {API}/gpu/history": READ,
    f"GET {API}/gpu/map": READ,
    f"GET {API}/gpu/thresholds": READ,
    f"GET {API}/cnf/workloads": READ,
    f"GET {API}/cnf/ptp/status": READ,
    f"GET {API}/cnf/ptp/history": READ,
    f"GET {API}/cnf/sriov/status": READ,
    f"GET {API}/cnf/dpdk/stats": READ,
    f"GET {API}/incidents": READ,
    f"GET {API}/incidents/{{incident_id:uuid}}": READ,
    f"GET {API}/incidents/{{incident_id:uuid}}/signals": READ,
    f"GET {API}/incidents/{{incident_id:uuid}}/timeline": READ,
    f"POST {API}/incidents/{{incident_id:uuid}}/acknowledge": OPERATE,
    f"POST {API}/incidents/{{incident_id:uuid}}/resolve": OPERATE,
    f"POST {API}/incidents/{{incident_id:uuid}}/reopen": OPERATE,
    f"POST {API}/incidents/{{incident_id:uuid}}/merge": OPERATE,
    f"POST {API}/incidents/{{incident_id:uuid}}/split": OPERATE,
    f"GET {API}/correlation-rules": READ,
    f"POST {API}/correlation-rules": CHANGE,
    f"POST {API}/correlation-rules/dry-run": CHANGE,
    f"GET {API}/correlation-rules/{{rule_id:str}}": READ,
    f"PUT {API}/correlation-rules/{{rule_id:str}}": CHANGE,
    f"DELETE {API}/correlation-rules/{{rule_id:str}}": CHANGE,
    f"GET {API}/anomalies": READ,
    f"GET {API}/anomalies/{{anomaly_id:uuid}}": READ,
    f"POST {API}/anomalies/{{anomaly_id:uuid}}/feedback": OPERATE,
    f"GET {API}/watches": READ,
    f"POST {API}/watches": OPERATE,
    f"GET {API}/watches/{{watch_id:str}}": READ,
    f"PUT {API}/watches/{{watch_id:str}}": OPERATE,
    f"DELETE {API}/watches/{{watch_id:str}}": OPERATE,
    f"POST {API}/analysis/anomaly": READ,
    f"POST {API}/analysis/explain": READ,
    f"GET {API}/analysis/rca": READ,
    f"POST {API}/analysis/rca": OPERATE,
    f"GET {API}/analysis/rca/{{rca_id:uuid}}": READ,
    f"GET {API}/replays": READ,
    f"POST {API}/replays": OPERATE,
    f"GET {API}/replays/{{replay_id:uuid}}": READ,
    f"POST {API}/replays/{{replay_id:uuid}}/cancel": OPERATE,
    f"GET {API}/reports": READ,
    f"POST {API}/reports": READ,
    f"GET {API}/reports/{{report_id:uuid}}": READ,
    f"DELETE {API}/reports/{{report_id:uuid}}": OPERATE,
    f"GET {API}/reports/{{report_id:uuid}}/download": READ,
    f"GET {API}/reports/schedules": READ,
    f"POST {API}/reports/schedules": OPERATE,
    f"DELETE {API}/reports/schedules/{{schedule_id:uuid}}": OPERATE,
    f"GET {API}/personas": READ,
    f"POST {API}/personas": OPERATE_ALL,
    f"GET {API}/personas/{{persona_id:str}}": READ,
    f"PUT {API}/personas/{{persona_id:str}}": OPERATE_ALL,
    f"DELETE {API}/personas/{{persona_id:str}}": OPERATE_ALL,
    f"GET {API}/chat/sessions": READ,
    f"POST {API}/chat/sessions": READ,
    f"GET {API}/chat/models": READ,
    **{
        f"{method} {API}/chat/sessions/{{session_id:uuid}}{path}": READ
        for method, path in (
            ("GET", ""), ("DELETE", ""), ("GET", "/messages"), ("POST", "/messages"),
            ("GET", "/stream"), ("POST", "/stream"), ("POST", "/cancel"), ("POST", "/rerun"),
            ("GET", "/comparison"),
        )
    },
    f"GET {API}/events": READ,
    f"GET {API}/events/export": READ,
    f"GET {API}/events/stream": READ,
    f"GET {API}/events/{{sequence:int}}": READ,
    f"GET {API}/events/{{sequence:int}}/causes": READ,
    f"POST {API}/commands": LOGGED_IN,
    f"GET {API}/commands/{{command_id:uuid}}": LOGGED_IN,
    f"POST {API}/metrics/query": READ,
    f"POST {API}/metrics/query_range": READ,
    f"GET {API}/metrics/series": READ,
    f"GET {API}/metrics/labels": READ,
    f"GET {API}/metrics/label/{{name:str}}/values": READ,
    f"GET {API}/metrics/metadata": READ,
    f"POST {API}/logs/query": READ,
    f"POST {API}/logs/query_range": READ,
    f"GET {API}/logs/labels": READ,
    f"GET {API}/logs/label/{{name:str}}/values": READ,
    f"POST {API}/traces/search": READ,
    f"GET {API}/traces/services": READ,
    f"GET {API}/traces/operations": READ,
    f"GET {API}/traces/service-map": READ,
    f"GET {API}/traces/{{trace_id:str}}": READ,
    f"GET {API}/traces/{{trace_id:str}}/spans": READ,
    f"GET {API}/projections": RULE,
    f"POST {API}/projections/{{name:str}}/rebuild": RULE,
    f"GET {API}/streams": RULE,
    f"GET {API}/dead-letters": RULE,
    f"GET {API}/dead-letters/{{letter_id:int}}": RULE,
    f"DELETE {API}/dead-letters/{{letter_id:int}}": RULE,
    f"POST {API}/dead-letters/{{letter_id:int}}/retry": RULE,
    f"GET {API}/streaming/status": OPERATE,
    f"GET {API}/streaming/clients": RULE,
    f"GET {API}/streaming/subscriptions": RULE,
    f"GET {API}/tokens": RULE,
    f"POST {API}/tokens": RULE,
    f"DELETE {API}/tokens/{{token_id:uuid}}": RULE,
    f"GET {API}/audit": RULE,
    "POST /mcp": READ,
    **{
        f"{method} /prometheus/api/v1/{path}": READ
        for method in ("GET", "POST")
        for path in (
            "query", "query_range", "query_exemplars", "series", "labels",
            "label/{name:str}/values", "metadata", "rules", "alerts", "format_query",
            "status/buildinfo",
        )
    },
}  # fmt: skip
"""By method and path."""

_QUERY = {"query": "up", "match[]": "up", "step": "60", "start": "0", "end": "60"}
_OLD = {"headers": {"if-match": '"999"'}}
"""Not so any more: nothing is changed."""
_REGISTRATION = {"name": "changed", "api_server_url": "https://api.example.com:6443"}
_CREDENTIALS = {"json": {"auth_type": "SERVICE_ACCOUNT", "token": "t"}}
_CALL = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "list_alerts"}}
_PERSONA = {"id": PERSONA, "name": "n", "system_prompt": "s", "extends": "default"}
_POSTED = {"json": webhook(alert(9, labels={"alertname": "Posted"}))}


def _clock(about: Somewhere) -> Request:
    asked = {"cluster_id": about.id, "node_name": f"node-{about.name}", "interface": "ens1f0"}
    return {"params": asked}


def _replay(about: Somewhere) -> Request:
    """Of a time in which nothing happened."""
    asked = {"kind": "RCA", "start": "2020-01-01T00:00:00Z", "end": "2020-01-01T01:00:00Z"}
    return {"json": asked | {"cluster_ids": [about.id]}}


def _scheduled(about: Somewhere) -> Request:
    """Once a year."""
    often = {"title": "t", "report_type": "CAPACITY_PLAN", "format": "JSON", "cron": "0 7 1 1 *"}
    return {"json": often | {"cluster_scope": [about.id]}}


def _rule(about: Somewhere) -> Request:
    rule = {"id": about.rule, "effect": "IGNORED", "cluster_ids": [about.id]}
    return _OLD | {"json": rule}


def _watch(about: Somewhere) -> Request:
    watch = {"id": about.watch, "title": "t", "query": "up", "cluster_ids": [about.id]}
    return _OLD | {"json": watch}


_SENT: Mapping[str, Request | Callable[[Somewhere], Request]] = {
    "POST /auth/login": {"json": {"code": "none"}},
    "POST /alertmanager/api/v2/alerts": {"json": []},
    f"POST {API}/alerts/webhook": _POSTED,
    f"POST {API}/alerts/webhook/{{cluster_id:uuid}}": _POSTED,
    f"POST {API}/alerts/{{ref:str}}/silence": {"json": {"duration": "1h", "comment": "c"}},
    f"POST {API}/clusters": {"json": _REGISTRATION | {"name": "INVALID NAME"}},
    f"POST {API}/clusters/import": {"json": {"kubeconfig": "nothing"}},
    f"PUT {API}/clusters/{{cluster_id:uuid}}": _OLD | {"json": _REGISTRATION},
    f"PATCH {API}/clusters/{{cluster_id:uuid}}": _OLD | {"json": {"region": "r"}},
    f"DELETE {API}/clusters/{{cluster_id:uuid}}": _OLD,
    f"POST {API}/clusters/{{cluster_id:uuid}}/credentials": _CREDENTIALS,
    f"POST {API}/clusters/{{cluster_id:uuid}}/credentials/rotate": _CREDENTIALS,
    f"POST {API}/clusters/{{cluster_id:uuid}}/credentials/validate": _CREDENTIALS,
    f"POST {API}/incidents/{{incident_id:uuid}}/acknowledge": _OLD | {"json": {}},
    f"POST {API}/incidents/{{incident_id:uuid}}/resolve": _OLD | {"json": {}},
    f"POST {API}/incidents/{{incident_id:uuid}}/reopen": _OLD | {"json": {}},
    f"POST {API}/incidents/{{incident_id:uuid}}/merge": {"json": {"other_id": str(new_id())}},
    f"POST {API}/incidents/{{incident_id:uuid}}/split": _OLD
    | {"json": {"signal_ids": [str(new_id())]}},
    f"POST {API}/correlation-rules": _rule,
    f"POST {API}/correlation-rules/dry-run": lambda about: {
        "json": {"rule": _rule(about)["json"], "hours": 1}
    },
    f"PUT {API}/correlation-rules/{{rule_id:str}}": _rule,
    f"POST {API}/anomalies/{{anomaly_id:uuid}}/feedback": {"json": {"verdict": "NOISE"}},
    f"POST {API}/watches": _watch,
    f"PUT {API}/watches/{{watch_id:str}}": _watch,
    f"POST {API}/commands": {"json": {"name": "NoSuchCommand"}},
    f"POST {API}/tokens": {"json": {"name": "t", "role": "viewer", "clusters": [str(new_id())]}},
    f"GET {API}/gpu/history": lambda about: {
        "params": {"cluster_id": about.id, "node_name": about.node}
    },
    f"GET {API}/cnf/ptp/history": _clock,
    f"GET {API}/metrics/series": {"params": {"match[]": "up"}},
    f"POST {API}/metrics/query": {"json": {"query": "up"}},
    f"POST {API}/metrics/query_range": {"json": {"query": "up", "step": "1m"}},
    f"POST {API}/analysis/anomaly": {"json": {"query": "up", "step": "1m"}},
    f"POST {API}/analysis/explain": lambda about: {"json": {"incident_id": about.incident}},
    f"POST {API}/analysis/rca": lambda about: {"json": {"incident_id": about.incident}},
    f"POST {API}/replays": _replay,
    f"POST {API}/reports": lambda about: {
        "json": {"report_type": "EXECUTIVE_SUMMARY", "cluster_scope": [about.id]}
    },
    f"POST {API}/reports/schedules": _scheduled,
    f"POST {API}/personas": {"json": _PERSONA},
    f"POST {API}/chat/sessions": {"json": {}},
    f"POST {API}/chat/sessions/{{session_id:uuid}}/messages": {"json": {"content": "How are we?"}},
    f"POST {API}/chat/sessions/{{session_id:uuid}}/stream": {"json": {"content": "How are we?"}},
    f"POST {API}/chat/sessions/{{session_id:uuid}}/rerun": {"json": {}},
    f"PUT {API}/personas/{{persona_id:str}}": _OLD | {"json": _PERSONA},
    f"POST {API}/logs/query": {"json": {"query": '{a="b"}'}},
    f"POST {API}/logs/query_range": {"json": {"query": '{a="b"}', "step": "1m"}},
    f"POST {API}/traces/search": {"json": {"query": "{}"}},
    "POST /mcp": {"json": _CALL, "headers": {"accept": "application/json, text/event-stream"}},
}


def sent(route: str, about: Somewhere) -> Request:
    """A request that would be good if whoever asks may; one that changes nothing all the same."""
    if "/prometheus/" in route:
        return {"params": _QUERY} if route.startswith("GET") else {"data": _QUERY}
    found = _SENT.get(route, {})
    return found(about) if callable(found) else found


def path(route: str, about: Somewhere) -> str:
    """Where it is, for a cluster and what is in it."""
    values = {
        "{cluster_id:uuid}": about.id,
        "{node_name:str}": about.node,
        "{ref:str}": about.alert,
        "{sequence:int}": str(about.sequence),
        "{command_id:uuid}": str(new_id()),
        "{token_id:uuid}": str(new_id()),
        "{session_id:uuid}": str(new_id()),
        "{incident_id:uuid}": about.incident,
        "{anomaly_id:uuid}": about.anomaly,
        "{rca_id:uuid}": about.rca,
        "{replay_id:uuid}": about.replay,
        "{report_id:uuid}": str(new_id()) if route.startswith("DELETE") else about.report,
        "{schedule_id:uuid}": str(new_id()),
        "{rule_id:str}": str(new_id()) if route.startswith("DELETE") else about.rule,
        "{watch_id:str}": str(new_id()) if route.startswith("DELETE") else about.watch,
        "{persona_id:str}": "of-nobody" if route.startswith("DELETE") else PERSONA,
        "{letter_id:int}": "999999",
        "{trace_id:str}": "0af7651916cd43dd8448eb211c80319c",
        "{silence_id:str}": str(new_id()),
        "{name:path}": "nothing.js",
        "{name:str}": about.name,
    }
    _, _, found = route.partition(" ")
    for placeholder, value in values.items():
        found = found.replace(placeholder, value)
    return found


def names_a_cluster(route: str) -> bool:
    """True if what is asked for belongs to one cluster, by its path or by what it is given."""
    parts = ("{cluster_id", "{ref", "by-name", "{sequence", "/gpu/history", "ptp/history",
             "{incident_id", "{anomaly_id", "{rule_id", f"POST {API}/correlation-rules",
             "{watch_id", f"POST {API}/watches", "{rca_id", f"POST {API}/analysis/rca",
             f"POST {API}/analysis/explain",
             "{replay_id", f"POST {API}/replays",
             "{report_id", f"POST {API}/reports")  # fmt: skip
    return any(part in route for part in parts)
