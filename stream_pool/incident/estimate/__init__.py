"""What the pool would do for payloads of one's own: a pass over a sample, measurements, and advice.

`Estimator` takes `Payload`s, from `payloads_at` a path or from a `TopicSample`, and ends in an `Estimate`.
"""

from stream_pool.incident.estimate.estimator import Estimate, Estimator
from stream_pool.incident.estimate.payloads import Payload, payloads_at
from stream_pool.incident.estimate.profiler import Profiler
from stream_pool.incident.estimate.topic_sample import TopicSample

__all__ = ["Estimate", "Estimator", "Payload", "Profiler", "TopicSample", "payloads_at"]
