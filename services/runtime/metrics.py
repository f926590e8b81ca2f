"""The closed list of the platform's own metrics (Prometheus), a sentence each."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector

REGISTRY = CollectorRegistry()
ProcessCollector(registry=REGISTRY)
PlatformCollector(registry=REGISTRY)

_FAST = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)

PART = Gauge(
    "aiops_part", "Is 1: which part of the platform this process is.", ("part",),
    registry=REGISTRY,
)  # fmt: skip
HTTP_REQUESTS = Counter(
    "aiops_http_requests", "Requests by method, path template and status.",
    ("method", "path", "status"), registry=REGISTRY,
)  # fmt: skip
HTTP_SECONDS = Histogram(
    "aiops_http_request_duration_seconds", "Time from request to the end of the response.",
    ("method", "path"), buckets=_FAST, registry=REGISTRY,
)  # fmt: skip
HTTP_IN_FLIGHT = Gauge(
    "aiops_http_requests_in_flight", "Requests being answered now.", registry=REGISTRY
)
RATE_LIMITED = Counter(
    "aiops_rate_limited",
    "Requests refused with 429, by the limit that they were beyond.",
    ("limit",),
    registry=REGISTRY,
)
AUTH_FAILURES = Counter(
    "aiops_auth_failures", "Requests refused with 401 or 403.", ("status",), registry=REGISTRY
)
COMMAND_ROUND_TRIP = Histogram(
    "aiops_command_round_trip_seconds", "From publishing a command to its outcome.",
    ("command",), buckets=_FAST, registry=REGISTRY,
)  # fmt: skip
QUERY_ROUND_TRIP = Histogram(
    "aiops_query_round_trip_seconds", "From asking a question on the bus to the answer's end.",
    ("query",), buckets=_FAST, registry=REGISTRY,
)  # fmt: skip
COMMANDS_HANDLED = Counter(
    "aiops_commands_handled", "Commands by area, name and outcome.",
    ("area", "command", "outcome"), registry=REGISTRY,
)  # fmt: skip
COMMAND_SECONDS = Histogram(
    "aiops_command_handling_seconds", "Time that a handler took for one command.",
    ("area", "command"), buckets=_FAST, registry=REGISTRY,
)  # fmt: skip
DUE_SECONDS = Histogram(
    "aiops_due_handling_seconds", "Time that it took to do something that was due.",
    ("kind",), buckets=_FAST, registry=REGISTRY,
)  # fmt: skip
REACTIONS_HANDLED = Counter(
    "aiops_reactions_handled", "Events that a service reacted to, by result.",
    ("service", "event", "result"), registry=REGISTRY,
)  # fmt: skip
DEAD_LETTERS = Counter(
    "aiops_dead_letters", "Messages that went to the dead letters.",
    ("stream", "consumer"), registry=REGISTRY,
)  # fmt: skip
PROJECTION_EVENTS = Counter(
    "aiops_projection_events", "Events folded into a projection.", ("projection",),
    registry=REGISTRY,
)  # fmt: skip
PROJECTION_SEQUENCE = Gauge(
    "aiops_projection_sequence", "Position that a projection has reached.", ("projection",),
    registry=REGISTRY,
)  # fmt: skip
PROJECTION_LAG = Gauge(
    "aiops_projection_lag", "Events that a projection has still to fold.", ("projection",),
    registry=REGISTRY,
)  # fmt: skip
PROJECTION_BATCH_SECONDS = Histogram(
    "aiops_projection_batch_seconds", "Time of one batch: rows, checkpoint and commit.",
    ("projection",), buckets=_FAST, registry=REGISTRY,
)  # fmt: skip
PROJECTION_ERRORS = Counter(
    "aiops_projection_errors", "Poison events that a projection has set aside.",
    ("projection",), registry=REGISTRY,
)  # fmt: skip
FOLLOWER_MESSAGES = Counter(
    "aiops_follower_messages", "Messages folded by a follower of a stream.", ("follower",),
    registry=REGISTRY,
)  # fmt: skip
FOLLOWER_SKIPPED = Counter(
    "aiops_follower_skipped", "Messages that a follower could not read or fold, and passed over.",
    ("follower",), registry=REGISTRY,
)  # fmt: skip
FOLLOWER_SEQUENCE = Gauge(
    "aiops_follower_sequence", "Position that a follower's partition in this process has reached.",
    ("follower", "partition"), registry=REGISTRY,
)  # fmt: skip
FOLLOWER_LAG = Gauge(
    "aiops_follower_lag", "Messages that a follower's partition in this process has still to fold.",
    ("follower", "partition"), registry=REGISTRY,
)  # fmt: skip
FOLLOWER_SECONDS = Histogram(
    "aiops_follower_seconds", "Time that a follower took to take a batch, to act or to snapshot.",
    ("follower", "step"), buckets=_FAST, registry=REGISTRY,
)  # fmt: skip
FOLLOWER_SNAPSHOT_BYTES = Gauge(
    "aiops_follower_snapshot_bytes", "Size of the last snapshot of a follower's partition.",
    ("follower", "partition"), registry=REGISTRY,
)  # fmt: skip
WS_CONNECTIONS = Gauge("aiops_ws_connections", "Live stream connections now.", registry=REGISTRY)
WS_CONNECTIONS_TOTAL = Counter(
    "aiops_ws_connections_opened", "Live stream connections ever opened.", registry=REGISTRY
)
WS_RECEIVED = Counter(
    "aiops_ws_messages_received", "Frames that clients have sent.", registry=REGISTRY
)
WS_SENT = Counter("aiops_ws_messages_sent", "Frames sent to clients.", registry=REGISTRY)
WS_CONFLATED = Counter(
    "aiops_ws_conflated", "Measurements left out for clients, as newer ones had come.",
    registry=REGISTRY,
)  # fmt: skip
WS_SLOW = Counter(
    "aiops_ws_slow_disconnects", "Clients cut off because they took nothing.", registry=REGISTRY
)
WS_SUBSCRIPTIONS = Gauge(
    "aiops_ws_subscriptions", "Subscriptions of live stream clients now.", registry=REGISTRY
)
WS_LOG_TAILS = Gauge("aiops_ws_log_tails", "Log tails of clients now.", registry=REGISTRY)
WS_LOG_LINES = Counter(
    "aiops_ws_log_lines", "Log lines sent to clients of log tails.", registry=REGISTRY
)
WS_LOG_LINES_DROPPED = Counter(
    "aiops_ws_log_lines_dropped", "Log lines that clients of log tails were told are missing.",
    registry=REGISTRY,
)  # fmt: skip
TAIL_EVENTS = Counter(
    "aiops_tail_events", "Events that entered the live stream, by type.", ("event_type",),
    registry=REGISTRY,
)  # fmt: skip
DELIVERY_SECONDS = Histogram(
    "aiops_ws_delivery_seconds", "From the log's time of an event to the socket write.",
    buckets=_FAST, registry=REGISTRY,
)  # fmt: skip
ALERTS_ACCEPTED = Counter(
    "aiops_alerts_accepted", "Alert reports that were taken in durably.", ("door",),
    registry=REGISTRY,
)  # fmt: skip
ALERTS_REJECTED = Counter(
    "aiops_alerts_rejected", "Alert reports that were broken and went to the dead letters.",
    ("door",), registry=REGISTRY,
)  # fmt: skip
ALERT_BYTES_IN_FLIGHT = Gauge(
    "aiops_alert_bytes_in_flight", "Bytes of alert posts being taken in now.", registry=REGISTRY
)
ALERT_POSTS_IN_WORK = Gauge(
    "aiops_alert_posts_in_work", "Alert posts being read and stored now.", registry=REGISTRY
)
ALERT_POSTS_SENT_AWAY = Counter(
    "aiops_alert_posts_sent_away", "Alert posts answered with 503, to be sent again.", ("door",),
    registry=REGISTRY,
)  # fmt: skip
ALERTS_MISLABELLED = Counter(
    "aiops_alerts_mislabelled",
    "Alert reports whose label names another cluster than their token or path, which counts.",
    ("door",), registry=REGISTRY,
)  # fmt: skip
COMMAND_BACKLOG = Gauge(
    "aiops_command_backlog_bytes", "Bytes of commands not yet handled, as the alert doors saw it.",
    registry=REGISTRY,
)  # fmt: skip
FEDERATED_QUERIES = Counter(
    "aiops_federated_queries", "Questions to the fleet, and whether the cache had their answers.",
    ("kind", "cache"), registry=REGISTRY,
)  # fmt: skip
FEDERATED_SHARED = Counter(
    "aiops_federated_queries_shared",
    "Questions to the fleet that were not sent, as the same one was under way.",
    ("kind",), registry=REGISTRY,
)  # fmt: skip
FEDERATED_BYTES = Gauge(
    "aiops_federated_bytes", "Bytes of clusters' answers that are put together or sent now.",
    registry=REGISTRY,
)  # fmt: skip
CIRCUITS_OPEN = Gauge(
    "aiops_backend_circuits_open", "Backends of clusters that this process leaves alone now.",
    ("backend",), registry=REGISTRY,
)  # fmt: skip
EDGE_LINK_UP = Gauge(
    "aiops_edge_link_up", "Is 1 while a far-edge site is heard of.", ("site",), registry=REGISTRY
)
EDGE_WAITING = Gauge(
    "aiops_edge_waiting", "Events that a far-edge site keeps and the hub has still to take over.",
    ("site",), registry=REGISTRY,
)  # fmt: skip
EDGE_NOT_KEPT = Counter(
    "aiops_edge_not_kept", "Events that found no room at this site, or no server.",
    registry=REGISTRY,
)  # fmt: skip
EDGE_TAKEN = Counter(
    "aiops_edge_taken", "Messages that the hub has taken over from a far-edge site.",
    ("site", "stream"), registry=REGISTRY,
)  # fmt: skip
EDGE_REFUSED = Counter(
    "aiops_edge_refused", "Messages of a far-edge site that were not its own to tell, or broken.",
    ("site", "stream"), registry=REGISTRY,
)  # fmt: skip
ERROR_TRACES = Counter(
    "aiops_error_traces", "New error traces of clusters: told, or left out by the rate limit.",
    ("result",), registry=REGISTRY,
)  # fmt: skip
GPU_SAMPLES = Counter(
    "aiops_gpu_samples", "Samples of GPU nodes that were stored, by their source.", ("source",),
    registry=REGISTRY,
)  # fmt: skip
GPU_SAMPLING_FAILURES = Counter(
    "aiops_gpu_sampling_failures", "Times that a source of a cluster's GPU samples did not answer.",
    ("source",), registry=REGISTRY,
)  # fmt: skip
GPU_SAMPLING_SECONDS = Histogram(
    "aiops_gpu_sampling_seconds", "Time that a source took for the GPUs of one cluster.",
    ("source",), buckets=_FAST, registry=REGISTRY,
)  # fmt: skip
GPU_SAMPLES_LEFT_OUT = Counter(
    "aiops_gpu_samples_left_out",
    "Samples of GPUs that are not kept: of a clock that is ahead, or older than others are kept.",
    ("reason",), registry=REGISTRY,
)  # fmt: skip
WATCH_ANSWERS = Counter(
    "aiops_watch_answers",
    "Evaluations of a watch in a cluster: stored, stored before, or failed.",
    ("result",), registry=REGISTRY,
)  # fmt: skip
ANOMALIES_LEFT_OUT = Counter(
    "aiops_anomalies_left_out", "Rows that were not looked at and anomalies that were not told.",
    ("reason",), registry=REGISTRY,
)  # fmt: skip
CNF_LACKING = Counter(
    "aiops_cnf_lacking", "Looks at a cluster's network functions that lacked something, by area.",
    ("area",), registry=REGISTRY,
)  # fmt: skip
CNF_SECONDS = Histogram(
    "aiops_cnf_sampling_seconds",
    "Time that it took to look at one cluster's network functions.",
    buckets=_FAST,
    registry=REGISTRY,
)
_PATIENT = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 45, 60, 120, 300)
LLM_CALLS = Counter(
    "aiops_llm_calls", "Calls of language models: answered, failed, or not wanted any more.",
    ("provider", "result"), registry=REGISTRY,
)  # fmt: skip
LLM_TOKENS = Counter(
    "aiops_llm_tokens", "Tokens that language models have read and said, as their servers tell.",
    ("provider", "kind"), registry=REGISTRY,
)  # fmt: skip
LLM_SECONDS = Histogram(
    "aiops_llm_seconds", "Time that a language model took for a whole answer.",
    ("provider",), buckets=_PATIENT, registry=REGISTRY,
)  # fmt: skip
LLM_FIRST_WORD_SECONDS = Histogram(
    "aiops_llm_first_word_seconds", "Time to the first word of a language model's answer.",
    ("provider",), buckets=_PATIENT, registry=REGISTRY,
)  # fmt: skip


def exposition() -> bytes:
    """The text format of Prometheus."""
    return generate_latest(REGISTRY)
