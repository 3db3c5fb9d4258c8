"""How the demo ended: one object for programs, a page for people."""

from dataclasses import asdict, dataclass
from typing import Any

from stream_pool import words
from stream_pool.cli.demo.ledger import Account
from stream_pool.cli.demo.model import View


@dataclass(frozen=True, slots=True)
class Result:
    """A run that came to its end. `took_s` is from the first record sent to the last one finished."""

    broker: str
    orders: int
    account: Account
    view: View
    took_s: float
    processed_per_s_max: float
    worker_exit_code: int

    @property
    def complete(self) -> bool:
        """Every order was sent and came to an end, and so did the worker, well."""
        return self.account.settled and self.account.sent == self.orders and self.worker_exit_code == 0


def to_json(result: Result) -> dict[str, Any]:
    """The object that `--json` prints; times are seconds since the first record."""
    pool, account = result.view.pool, result.account
    return {
        "broker": result.broker,
        "orders": account.sent,
        "processed": account.processed,
        "dead_letters": account.dead_letters,
        "lost": account.lost,
        "unfinished": account.unfinished,
        "repeated": account.repeated,
        "lag_max": result.view.lag_records_max,
        "lag_seconds_max": round(result.view.lag_seconds_max, 1),
        "records_per_second": round(account.processed / result.took_s, 1) if result.took_s else None,
        "records_per_second_max": round(result.processed_per_s_max, 1),
        "pool": {
            "hits": pool.hits,
            "misses": pool.misses,
            "evictions": pool.evictions,
            "size": pool.size,
            "capacity": pool.capacity,
        },
        "anomalies": [
            {
                key: value
                for key, value in asdict(anomaly).items()
                if key in ("rule", "subject", "severity", "diagnosis", "opened_s", "resolved_s")
            }
            for anomaly in result.view.anomalies
        ],
    }


def to_text(result: Result) -> str:
    """The page."""
    view, account, pool = result.view, result.account, result.view.pool
    lookups = pool.hits + pool.misses
    lines = [
        "",
        f"{account.sent:,} orders in {result.took_s:.0f} s through {result.broker}",
        f"  processed     {account.processed:,}"
        f" ({words.count(account.processed / result.took_s if result.took_s else None)}/s,"
        f" {words.count(result.processed_per_s_max)}/s at most)",
        f"  dead letters  {account.dead_letters:,} ({words.letters_by_reason(view.dead_letter_reasons)})",
        f"  lost          {account.lost:,}",
        f"  highest lag   {view.lag_records_max:,} records, {words.seconds(view.lag_seconds_max)}",
        f"  pool          {words.ratio(pool.hits / lookups if lookups else None)} of {lookups:,} lookups hit;"
        f" {words.count(pool.size)} entries of {words.count(pool.capacity)}, {pool.evictions:,} evicted",
        "  anomalies",
    ]
    for anomaly in view.anomalies:
        end = "still open" if anomaly.resolved_s is None else f"resolved {words.clock(anomaly.resolved_s)}"
        lines.append(
            f"    {anomaly.severity} {anomaly.rule} on {anomaly.subject}:"
            f" opened {words.clock(anomaly.opened_s)}, {end} ({anomaly.diagnosis})"
        )
    if not view.anomalies:
        lines.append("    none")
    if account.unfinished:
        lines.append(f"  {account.unfinished:,} records were not finished in time: too much for this machine")
    if result.worker_exit_code:
        lines.append(f"  the worker ended with exit code {result.worker_exit_code}")
    if account.repeated:
        lines.append(f"  {account.repeated:,} records were finished more than once")
    return "\n".join([*lines, *LOOK_FURTHER])


LOOK_FURTHER = (
    "",
    "look further",
    "  ./scripts/demo --json             the same as one object",
    "  ./scripts/demo --orders 30000     more traffic, the same story; --seed N: other orders",
    "  stream-pool broker                a broker that stays, with its address",
    "  stream-pool worker -A topologies.orders",
    "                                    the worker of this demo; /metrics and /health on its web port",
    "  docs/architecture.md              what the events in <group>.events mean",
)
