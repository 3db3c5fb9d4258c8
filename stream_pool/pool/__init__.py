"""The adaptive pool: what repeats exists once; what the pool says of itself; when to resize it."""

from stream_pool.pool._implementation import Pool
from stream_pool.pool.advice import Advice, GrowthRule, PoolWindow, advise
from stream_pool.pool.history import PoolHistory
from stream_pool.pool.stats import PoolStats

__all__ = ["Advice", "GrowthRule", "Pool", "PoolHistory", "PoolStats", "PoolWindow", "advise"]
