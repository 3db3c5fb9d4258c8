"""Orders, poison and incidents to order: the traffic that demos, benches and tests are run with."""

from stream_pool.incident.orders import DEPTH_MAX, DEPTH_MIN, START_MS, Headers, Order, OrderGenerator
from stream_pool.incident.poison import POISONS, REASONS
from stream_pool.incident.scenario import (
    ERROR_HEADER,
    LATENCY_HEADER,
    Phase,
    Record,
    Scenario,
    ScenarioError,
    bundled_scenario,
    load_scenario,
    parse_scenario,
)

__all__ = [
    "DEPTH_MAX",
    "DEPTH_MIN",
    "ERROR_HEADER",
    "LATENCY_HEADER",
    "POISONS",
    "REASONS",
    "START_MS",
    "Headers",
    "Order",
    "OrderGenerator",
    "Phase",
    "Record",
    "Scenario",
    "ScenarioError",
    "bundled_scenario",
    "load_scenario",
    "parse_scenario",
]
