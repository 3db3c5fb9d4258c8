"""Every setting, declared once: name, default, bounds and what it means.

Units stand last in the names; bounds are part of the types. Field `x_s` is variable `STREAM_POOL_X_S`. The
properties turn groups of settings into the plain values that inner objects take.
"""

import re
from dataclasses import fields
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from stream_pool.detection.rules import Rules
from stream_pool.documents.limits import Limits
from stream_pool.settings.file import ConfigFile
from stream_pool.settings.masking import FilePath
from stream_pool.settings.names import PREFIX, variable
from stream_pool.settings.security import SecuritySettings
from stream_pool.telemetry.snapshot import BuildInfo

MIB = 1 << 20
DEFAULT_KAFKA_PORT = 9092

_SERVER = re.compile(r"(?:kafka://)?(?P<host>[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::(?P<port>[0-9]{1,5}))?")


def _servers(broker: str) -> tuple[str, ...]:
    """`kafka://a:9092,b` → `("a:9092", "b:9092")`. Raises ValueError where a part is no address."""
    if not broker.startswith("kafka://"):
        raise ValueError(broker)
    servers = []
    for part in re.split("[,;]", broker):
        found = _SERVER.fullmatch(part)
        if found is None:
            raise ValueError(part)
        port = int(found["port"] or DEFAULT_KAFKA_PORT)
        if not 1 <= port <= 65_535:
            raise ValueError(part)
        servers.append(f"{found['host']}:{port}")
    return tuple(servers)


def _broker(value: object) -> object:
    if isinstance(value, str):
        _servers(value)
    return value


Ratio = Annotated[float, Field(ge=0, le=1)]
Records = Annotated[int, Field(ge=1, le=1_000_000_000)]
Capacity = Annotated[int, Field(ge=16, le=16_777_216)]
Label = Annotated[str, Field(max_length=200)]
BrokerUrl = Annotated[
    str,
    BeforeValidator(_broker),
    Field(json_schema_extra={"allowed": "kafka://host:port, more servers after a comma"}),
]


class Settings(SecuritySettings):
    """Everything that the environment can set; `load_settings` reads it."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_ignore_empty=True,
        extra="forbid",
        frozen=True,
        allow_inf_nan=False,
        hide_input_in_errors=True,  # a secret may stand in the wrong place
        defer_build=False,
    )

    broker: BrokerUrl = f"kafka://localhost:{DEFAULT_KAFKA_PORT}"
    """Where Kafka listens."""
    web_host: str = Field("127.0.0.1", max_length=253)
    """Address that the web server (metrics, health) binds to."""
    web_port: int = Field(6066, ge=0, le=65_535)
    """Port of the web server; 0 takes a free one, which the line `worker started` names."""
    connect_timeout_s: float = Field(10, ge=0.1, le=600)
    """How long the broker is tried at the start before the worker gives up."""

    interval_s: float = Field(10, ge=0.1, le=300)
    """One observation interval: samples are written, lag is polled and the pool adapts once in it."""
    commit_interval_s: float = Field(1, ge=0.05, le=300)
    """Moved positions are committed this often."""
    poll_timeout_ms: int = Field(200, ge=1, le=60_000)
    """How long one fetch waits for records."""
    max_poll_records: int = Field(2_000, ge=1, le=1_000_000)
    """Records of one fetch, over all partitions, at most."""
    max_partition_fetch_bytes: int = Field(MIB, ge=1_024, le=1_024 * MIB)
    """Bytes fetched from one partition at a time."""
    session_timeout_ms: int = Field(10_000, ge=1_000, le=1_800_000)
    """A worker that sends no heartbeat for so long is taken out of its group."""
    group_instance_id: str = Field("", max_length=200)
    """Static membership: a name that this worker keeps over restarts and that no other of its group has."""
    metadata_max_age_ms: int = Field(30_000, ge=100, le=3_600_000)
    """The view of the topics is this old at most: within this time new partitions are read."""
    topic_missing_timeout_s: float = Field(30, ge=0.1, le=86_400)
    """A topic that is deleted, and away for so long, stops the worker."""
    rebalance_timeout_ms: int = Field(30_000, ge=1_000, le=1_800_000)
    """How long the group waits for a member to rejoin; above the drain."""
    drain_timeout_s: float = Field(6, ge=0, le=3_600)
    """How long work in flight may take to finish on a revocation or a stop."""
    stop_timeout_s: float = Field(15, ge=0.5, le=7_200)
    """From the signal to the exit of the process, whatever hangs; above the drain."""
    buffer_records: int = Field(4_000, ge=1, le=10_000_000)
    """Records in flight of one topic, above which its partitions are paused."""
    buffer_bytes: int = Field(64 * MIB, ge=MIB, le=65_536 * MIB)
    """Bytes in flight of one topic, above which its partitions are paused."""
    yield_interval_ms: int = Field(50, ge=1, le=5_000)
    """Work hands over to the event loop at least this often, between records."""
    auto_offset_reset: Literal["earliest", "latest"] = "earliest"
    """Where a group without a commit begins; partitions that come later are read from their beginning."""
    on_offset_lost: Literal["stop", "earliest", "latest"] = "stop"
    """What happens when retention has overtaken the committed offset, or the topic was made anew."""
    on_wire_format: Literal["stop", "dead_letter"] = "stop"
    """What happens when a topic begins with a schema registry's wire format where JSON is expected."""
    event_buffer: int = Field(1_000, ge=1, le=1_000_000)
    """Observations that wait while the log cannot be written; the oldest are dropped."""

    dead_letter_budget_ratio: Ratio = 0.05
    """Above this share of dead letters in the window the worker stops; 1 switches the budget off."""
    dead_letter_budget_min_records: Records = 100
    """The budget is not judged on fewer records than these."""
    dead_letter_budget_window_s: float = Field(60, ge=1, le=86_400)
    """The window of the budget."""

    decoder: Literal["stream_pool", "orjson"] = "stream_pool"
    """`orjson` is the reference decoder that benches compare with: plain dicts, no pool, no limits."""
    duplicate_keys: Literal["error", "last"] = "error"
    """A key twice in one object: an error, or the last one counts."""
    limit_document_bytes: int = Field(16 * MIB, ge=1, le=1_024 * MIB)
    """Bytes of one document."""
    limit_depth: int = Field(64, ge=1, le=1_024)
    """Levels of one document; the root container is 1."""
    limit_keys: int = Field(100_000, ge=0, le=100_000_000)
    """Members of all objects of one document."""
    limit_items: int = Field(1_000_000, ge=0, le=100_000_000)
    """Elements of all arrays of one document."""
    limit_key_bytes: int = Field(1_024, ge=0, le=1_024 * MIB)
    """Bytes of one key, as written."""
    limit_string_bytes: int = Field(8 * MIB, ge=0, le=1_024 * MIB)
    """Bytes of one string, as written."""
    limit_number_digits: int = Field(1_000, ge=1, le=4_300)
    """Digits of one number."""

    pool_capacity: Capacity = 4_096
    """Entries that the pool may hold at the start."""
    pool_adaptive: bool = True
    """Whether the pool grows and shrinks with the traffic."""
    pool_capacity_min: Capacity = 1_024
    """An adaptive pool never shrinks below this."""
    pool_capacity_max: Capacity = 262_144
    """An adaptive pool never grows above this."""
    pool_base_window_s: float = Field(60, ge=1, le=86_400)
    """The base rate that growth is judged against is the mean of this long a past."""

    detector_enabled: bool = True
    """Whether this worker takes part in detection (one member of the group owns it at a time)."""
    detector_window_s: float = Field(10, ge=0.1, le=3_600)
    """Static thresholds are judged once a window."""
    detector_snapshot_interval_s: float = Field(600, ge=0.1, le=86_400)
    """The owner of the log keeps its state so often, so that the next one need not fold all of it."""
    detector_open_after: int = Field(2, ge=1, le=1_000)
    """Windows in a row over a threshold before an anomaly opens."""
    detector_resolve_after: int = Field(3, ge=1, le=1_000)
    """Windows in a row back under it before the anomaly resolves."""
    detector_clear_ratio: Ratio = 0.8
    """Back under it means at most this share of the threshold."""
    detector_expire_after_s: float = Field(300, ge=1, le=86_400)
    """What nobody reports on for so long is forgotten, and its anomalies resolved."""
    detector_status_windows: int = Field(10, ge=3, le=1_000)
    """A partition's status is judged over the commits of so many windows."""
    detector_allowed_lag_records: int = Field(0, ge=0, le=1_000_000_000)
    """A consumer no further behind than this is in order, whatever its commits look like."""
    detector_signal_windows: int = Field(1, ge=1, le=1_000)
    """Errors and latency are judged over so many windows."""
    detector_lag_threshold_records: Records = 50_000
    """Lag of a topic that is an anomaly."""
    detector_error_ratio_threshold: Ratio = 0.05
    """Share of failed records of a topic that is an anomaly."""
    detector_error_min_records: Records = 100
    """Errors and latency of a topic are not judged on fewer records than these."""
    detector_latency_p99_limit_s: float = Field(1.0, gt=0, le=86_400)
    """99th percentile from poll to done that is an anomaly."""
    detector_memory_limit_bytes: int = Field(200_000_000, ge=MIB, le=1 << 50)
    """Resident memory of a worker that is an anomaly when it lasts."""
    detector_memory_for_s: float = Field(300, ge=0, le=86_400)
    """How long memory must stay above its limit."""

    replay_allow: str = Field("", max_length=10_000)
    """Clusters that `replay` may write to: their ids or servers (host:port), with commas between them."""

    service_name: Label = "stream-pool"
    """What this deployment calls itself; with the seven below a label of stream_pool_build_info."""
    service_version: Label = ""
    """Version of the service that runs on stream-pool."""
    deploy_id: Label = ""
    """The deployment that brought this process."""
    canary_flag: Label = ""
    """Whether, or as which, this process is a canary."""
    git_commit: Label = ""
    """Commit that the service was built from."""
    ci_pipeline_id: Label = ""
    """Pipeline that built the service."""
    environment: Label = ""
    """Such as production or staging."""
    region: Label = ""
    """Where it runs."""

    redaction_salt: SecretStr = SecretStr("")
    """Secret. Salt of the hashes in a redacted capture, 16 bytes or more; empty: each has one of its own."""
    redaction_salt_file: FilePath = ""
    """File with the salt."""

    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """Records below it are not written."""
    log_format: Literal["auto", "json", "console"] = "auto"
    """`auto`: for people on a terminal, JSON elsewhere."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Options, environment, file: the first that has a setting wins."""
        return init_settings, env_settings, ConfigFile(settings_cls)

    @property
    def bootstrap_servers(self) -> tuple[str, ...]:
        """`host:port` of each server in `broker`."""
        return _servers(self.broker)

    @property
    def limits(self) -> Limits:
        """The bounds of one document."""
        return Limits(**{bound.name: getattr(self, f"limit_{bound.name}") for bound in fields(Limits)})

    @property
    def build_info(self) -> BuildInfo:
        """The process labels."""
        return BuildInfo(**{label.name: getattr(self, label.name) for label in fields(BuildInfo)})

    @property
    def rules(self) -> Rules:
        """What the detector judges by."""
        return Rules(
            window_s=self.detector_window_s,
            open_after=self.detector_open_after,
            resolve_after=self.detector_resolve_after,
            clear_ratio=self.detector_clear_ratio,
            expire_after_s=self.detector_expire_after_s,
            lag_limit_records=self.detector_lag_threshold_records,
            allowed_lag_records=self.detector_allowed_lag_records,
            status_windows=self.detector_status_windows,
            signal_windows=self.detector_signal_windows,
            min_records=self.detector_error_min_records,
            error_ratio_limit=self.detector_error_ratio_threshold,
            latency_p99_limit_s=self.detector_latency_p99_limit_s,
            memory_limit_bytes=self.detector_memory_limit_bytes,
            memory_for_s=self.detector_memory_for_s,
        )

    @model_validator(mode="after")
    def _fit_together(self) -> Self:
        if not self.pool_capacity_min <= self.pool_capacity <= self.pool_capacity_max:
            raise ValueError(
                f"{variable('pool_capacity')}={self.pool_capacity} must lie between"
                f" {variable('pool_capacity_min')}={self.pool_capacity_min} and"
                f" {variable('pool_capacity_max')}={self.pool_capacity_max}"
            )
        if not self.drain_timeout_s < self.stop_timeout_s:
            raise ValueError(
                f"{variable('drain_timeout_s')}={self.drain_timeout_s:g} must be less than"
                f" {variable('stop_timeout_s')}={self.stop_timeout_s:g}"
            )
        if not self.drain_timeout_s * 1_000 < self.rebalance_timeout_ms:
            raise ValueError(
                f"{variable('drain_timeout_s')}={self.drain_timeout_s:g} must be less than"
                f" {variable('rebalance_timeout_ms')}={self.rebalance_timeout_ms}"
            )
        return self
