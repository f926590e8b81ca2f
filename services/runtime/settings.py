"""Settings, read once: defaults, then a YAML file, then ``AIOPS_`` variables, then the caller."""

import json
import os
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    SecretStr,
    ValidationError,
)
from pydantic.fields import FieldInfo
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    YamlConfigSettingsSource,
)

from contracts.catalog import CATALOG
from services.runtime.settings_access import AccessSettings
from services.runtime.settings_chat import ChatSettings
from services.runtime.settings_collecting import (
    AnomalySettings,
    CollectorSettings,
    GpuSettings,
    IncidentSettings,
    RetentionSettings,
    Section,
)
from services.runtime.settings_limits import LimitsSettings, WebOrigin
from services.runtime.settings_llm import LlmSettings
from services.runtime.settings_oidc import OidcSettings
from services.runtime.settings_openshift import OpenShiftSettings
from services.runtime.settings_reports import ReportSettings
from services.runtime.validation import said

CONFIG_FILE_VARIABLE = "AIOPS_CONFIG_FILE"
_PREFIX, _DELIMITER = "AIOPS_", "__"


class NatsSettings(Section):
    """The bus. Empty ``url`` means: `aiops up` starts its own server."""

    url: str = Field(default="", description="nats://host:port, several by comma.")
    user: str = Field(default="", description="User of this part.")
    password: SecretStr = Field(default=SecretStr(""), description="Its password.")
    replicas: Annotated[int, Field(ge=1, le=5)] = Field(
        default=1, description="Copies of every stream: 3 on a cluster of three."
    )
    sync_interval: str = Field(
        default="1s",
        description="How often the embedded server fsyncs; `always` for power-loss safety.",
    )
    max_file_store: str = Field(
        default="20GB", description="Disk that the embedded server may use."
    )
    inbox: str = Field(
        default="",
        pattern=r"^([A-Za-z0-9_-]+\.)?$",
        description="What this process's reply subjects begin with, below `_R.`.",
    )
    request_seconds: float = Field(
        default=2.0, gt=0, le=60, description="Seconds that the bus may take to answer."
    )
    append_patience: float = Field(
        default=15.0, gt=0, description="Seconds that an append is retried while the bus is away."
    )


class DatabaseSettings(Section):
    """PostgreSQL. Empty ``url`` means: `aiops up` starts its own server."""

    url: SecretStr = Field(default=SecretStr(""), description="postgresql://user:password@host/db.")
    pool_size: Annotated[int, Field(ge=1, le=100)] = Field(
        default=8, description="Connections of one process."
    )
    timeout: float = Field(default=5.0, gt=0, description="Seconds that one statement may take.")


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _listed(told: object) -> object:
    """A list in an environment variable may also be written with commas."""
    if isinstance(told, str):
        return [part.strip() for part in told.split(",") if part.strip()]
    return told


Names = Annotated[tuple[str, ...], BeforeValidator(_listed)]


class GatewaySettings(Section):
    """The HTTP door."""

    host: str = Field(default="127.0.0.1", description="Address to listen on.")
    port: Annotated[int, Field(ge=0, le=65535)] = Field(
        default=8080, description="0: any free one."
    )
    auth: Literal["token", "oidc", "openshift", "none"] = Field(
        default="token",
        description="`oidc`: people log in at the issuer of AIOPS_OIDC__ISSUER, `openshift`: at the"
        " OAuth server of AIOPS_OPENSHIFT__API_URL; `none` is refused unless bound to loopback.",
    )
    public_url: str = Field(
        default="",
        description="As browsers reach it, where a proxy hides that: for the way back of a login.",
    )
    allowed_hosts: Names = Field(
        default=("localhost", "127.0.0.1", "[::1]"), description="Host headers that are answered."
    )
    cors_origins: Annotated[tuple[WebOrigin, ...], BeforeValidator(_listed)] = Field(
        default=(),
        description="Origins whose pages may ask with a token; never with a cookie of ours.",
    )
    write_timeout: float = Field(
        default=5.0, gt=0, description="Seconds that a write waits for its projection, then 202."
    )
    max_body: int = Field(default=10_000_000, ge=1024, description="Bytes of a request body.")
    alert_bytes_in_flight: int = Field(
        default=64_000_000,
        ge=1024,
        description="Bytes of alert posts being taken in at once; then 503.",
    )
    alert_body_seconds: float = Field(
        default=10.0,
        gt=0,
        description="Seconds that a post of alerts may take to come, and one more per 100 kB.",
    )
    ring: Annotated[int, Field(ge=16)] = Field(
        default=10_000, description="Frames that the live stream keeps in memory."
    )
    slow_client_seconds: float = Field(
        default=30.0, gt=0, description="A socket that takes nothing for so long is cut off."
    )
    max_clients: int = Field(default=10_000, ge=1, description="Live connections of one process.")


def _network(text: str) -> str:
    try:
        return str(ip_network(text))
    except ValueError:
        raise ValueError("must be networks such as 169.254.10.0/24") from None


Networks = Annotated[tuple[Annotated[str, AfterValidator(_network)], ...], BeforeValidator(_listed)]


class ClusterSettings(Section):
    """Rules of the fleet registry."""

    allow_insecure_endpoints: bool = Field(
        default=False, description="Plain http for addresses other than loopback."
    )
    allowed_networks: Networks = Field(
        default=(), description="Link-local or metadata networks that may be reached all the same."
    )


class VaultSettings(Section):
    """Where the credentials of clusters are kept."""

    keys: Annotated[tuple[SecretStr, ...], BeforeValidator(_listed)] = Field(
        default=(),
        description="Keys of 32 bytes in base64 or hex, newest first; none: a file in data_dir.",
    )
    kubernetes_namespace: str = Field(
        default="",
        description="Keep them as Secrets of this namespace of the Kubernetes that we run in.",
    )


class WorkerSettings(Section):
    """How messages are worked on."""

    concurrency: Annotated[int, Field(ge=1, le=1024)] = Field(
        default=32, description="Commands of one area in work at once."
    )
    max_deliver: Annotated[int, Field(ge=1)] = Field(
        default=6, description="Tries before a message goes to the dead letters."
    )
    ack_wait: float = Field(
        default=10.0, gt=0, description="Seconds until the message of a dead worker is redelivered."
    )
    poison_run: Annotated[int, Field(ge=1)] = Field(
        default=100, description="Dead letters in a row after which a handler stops."
    )


_SITE = r"^[a-z0-9][a-z0-9-]{0,30}$"
_SiteName = Annotated[str, Field(pattern=_SITE)]


class EdgeSettings(Section):
    """Far-edge sites: which ones the hub has; and what one of them keeps while it is cut off."""

    sites: Annotated[tuple[_SiteName, ...], BeforeValidator(_listed)] = Field(
        default=(), description="The hub's: sites whose events and telemetry it takes over."
    )
    worker: bool = Field(
        default=False, description="This process runs at a site, beside a leaf node of the hub."
    )
    buffer_bytes: int = Field(
        default=4_000_000_000,
        ge=1_000_000,
        description="Of a site's events, and as much of its telemetry; then new events are refused"
        " and old telemetry goes.",
    )
    buffer_hours: Annotated[int, Field(ge=1)] = Field(
        default=720, description="How long a site keeps its events, sent or not, in hours."
    )


class TelemetrySettings(Section):
    """The platform's own logs and traces."""

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    log_format: Literal["json", "console"] = "json"
    otlp_endpoint: str = Field(
        default="", description="http://host:4318; empty: no traces are sent."
    )


def _writable(versions: dict[str, int]) -> dict[str, int]:
    """CannotWrite, a ValueError, for one that this program does not write."""
    CATALOG.writing(versions)
    return versions


class EventSettings(Section):
    """Which versions of events are written during a rolling upgrade."""

    write_versions: Annotated[dict[str, int], AfterValidator(_writable)] = Field(
        default_factory=dict,
        description="Public event name to version; others are written in their newest.",
    )


_Partitions = Annotated[int, Field(ge=1, le=64)]


class ProjectionSettings(Section):
    """How projections are folded."""

    partitions: dict[str, _Partitions] = Field(
        default_factory=dict[str, int],
        description="Projection to the number of processes that may fold it at once, each some of"
        " the clusters; others: 1. Another number than before has it built anew.",
    )


class Settings(BaseSettings):
    """Everything that can be set, with its default."""

    model_config = SettingsConfigDict(
        env_prefix=_PREFIX, env_nested_delimiter=_DELIMITER, extra="forbid", frozen=True
    )

    data_dir: Path = Field(
        default=Path(".aiops"), description="Everything of a one-machine installation."
    )
    site: str = Field(
        default="hub",
        pattern=_SITE,
        description="Whose clusters this worker reaches: `hub`, or the name of a far-edge site.",
    )
    nats: NatsSettings = NatsSettings()
    database: DatabaseSettings = DatabaseSettings()
    gateway: GatewaySettings = GatewaySettings()
    limits: LimitsSettings = LimitsSettings()
    oidc: OidcSettings = OidcSettings()
    openshift: OpenShiftSettings = OpenShiftSettings()
    access: AccessSettings = AccessSettings()
    retention: RetentionSettings = RetentionSettings()
    clusters: ClusterSettings = ClusterSettings()
    vault: VaultSettings = VaultSettings()
    workers: WorkerSettings = WorkerSettings()
    collector: CollectorSettings = CollectorSettings()
    gpu: GpuSettings = GpuSettings()
    anomalies: AnomalySettings = AnomalySettings()
    incidents: IncidentSettings = IncidentSettings()
    llm: LlmSettings = LlmSettings()
    reports: ReportSettings = ReportSettings()
    chat: ChatSettings = ChatSettings()
    edge: EdgeSettings = EdgeSettings()
    telemetry: TelemetrySettings = TelemetrySettings()
    events: EventSettings = EventSettings()
    projections: ProjectionSettings = ProjectionSettings()
    health_port: Annotated[int, Field(ge=0, le=65535)] = Field(
        default=0, description="Port of /health, /ready and /metrics of a worker part; 0: none."
    )
    health_host: str = Field(
        default="127.0.0.1", description="Address of that port; in a pod: 0.0.0.0."
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Caller before environment before file."""
        variables = _Variables(settings_cls)
        file = os.environ.get(CONFIG_FILE_VARIABLE)
        if file:
            return (init_settings, variables, _file(settings_cls, file))
        return (init_settings, variables)


class _Variables(EnvSettingsSource):
    """What is no JSON stays text, so that validation names the very setting."""

    def decode_complex_value(self, field_name: str, field: FieldInfo, value: Any) -> Any:
        """JSON where it is JSON."""
        try:
            return json.loads(value)
        except ValueError:
            return value


def _file(settings: type[BaseSettings], path: str) -> PydanticBaseSettingsSource:
    try:
        with Path(path).open(encoding="utf-8") as opened:
            told: object = yaml.safe_load(opened)
    except (OSError, ValueError, yaml.YAMLError) as error:
        reason = " ".join(str(error).split())
        raise InvalidSettings(f"{CONFIG_FILE_VARIABLE}: {path} cannot be read: {reason}") from None
    if not isinstance(told, dict | None):
        raise InvalidSettings(f"{CONFIG_FILE_VARIABLE}: {path} must hold names and values")
    return YamlConfigSettingsSource(settings, path)


def environment() -> dict[str, str]:
    """A copy of the environment, for programs that are started from here."""
    return dict(os.environ)


class InvalidSettings(Exception):
    """A setting is wrong; the text is one line that names it."""


def load_settings(**values: Any) -> Settings:
    """The effective settings; InvalidSettings with one clear line for a wrong value."""
    _require_known_sections()
    try:
        settings = Settings(**values)
    except ValidationError as error:
        first = error.errors()[0]
        path = _DELIMITER.join(str(part) for part in first["loc"]).upper()
        raise InvalidSettings(f"{_PREFIX}{path}: {said(first['msg'])}") from None
    if settings.gateway.auth == "none" and not _is_loopback(settings.gateway.host):
        raise InvalidSettings("AIOPS_GATEWAY__AUTH: none is refused unless bound to loopback")
    if settings.gateway.auth == "oidc" and not (settings.oidc.issuer and settings.oidc.client_id):
        raise InvalidSettings("AIOPS_OIDC__ISSUER and AIOPS_OIDC__CLIENT_ID: oidc needs both")
    return settings


def _require_known_sections() -> None:
    """A misspelt section would be passed over in silence; other names may belong to others."""
    for name in os.environ:
        section, delimiter, _ = name.upper().removeprefix(_PREFIX).partition(_DELIMITER)
        ours = name.upper().startswith(_PREFIX) and delimiter
        if ours and section.lower() not in Settings.model_fields:
            raise InvalidSettings(f"{name}: there is no such setting")
