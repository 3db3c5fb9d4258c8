"""Event ids: unique in their log, and the same whenever the same event is made again.

An observation's id says who wrote it and when in its life; an anomaly's is a hash of what was concluded,
about what, from which event, so that two owners of one log conclude under one name.
"""

import hashlib

from stream_pool.events.anomalies import AnomalyOpened, AnomalyResolved
from stream_pool.events.catalog import Event


def event_id(event: Event) -> str:
    """`<worker>/<incarnation>/<sequence>-<kind>`; of an anomaly `<anomaly id>-<opened|resolved>`."""
    kind = event.TYPE.removeprefix("stream-pool.").removesuffix(".v1")
    if isinstance(event, AnomalyOpened | AnomalyResolved):
        return f"{event.anomaly_id}-{kind.removeprefix('anomaly.')}"
    return f"{event.worker}/{event.incarnation}/{event.sequence}-{kind}"


def anomaly_id(rule: str, subject: str, cause_event_id: str) -> str:
    """128 bits, in hex, of the SHA-256 of the three, each after its length so that they stay apart."""
    digest = hashlib.sha256()
    for part in (rule, subject, cause_event_id):
        encoded = part.encode()
        digest.update(b"%d:" % len(encoded))
        digest.update(encoded)
    return digest.hexdigest()[:32]
