"""A log as a story: all that a report tells, as frozen values, each number with the events it rests on.

Times are the log's, in ms since the Unix epoch. Everything is bounded, whatever the log's length: series by
`POINTS` and `SUBJECTS`, lists by the `MAX_` of who gathers them; what there was no room for is counted.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from stream_pool import words
from stream_pool.events import Diagnosis, Scalar, Severity
from stream_pool.incident.reference_findings import Figure, Row
from stream_pool.incident.report.cited import Cited, EventRef, Point, together
from stream_pool.incident.report.series import Series

_PARTITION_DIGITS = 10


@dataclass(frozen=True, slots=True)
class Extent:
    """What was read: from the first event to the last.

    `skipped` were of unknown types or malformed, `repeated` had been there before, `lost` observations were
    dropped by their writers. `damage` says where the source could not be read on. Of a capture:
    `gone_offsets` in `gone_ranges` were gone before they could be captured, and `is_whole` says whether it
    has all that it was to have (None where nobody can know).
    """

    source: str
    group: str
    first: Point
    last: Point
    events: int
    skipped: int
    repeated: int
    lost: Point
    damage: str | None = None
    gone_offsets: int = 0
    gone_ranges: int = 0
    is_whole: bool | None = None


@dataclass(frozen=True, slots=True)
class Epoch:
    """From here on the log was judged by these rules. `changed` names those that were others before."""

    at_ms: int
    ref: EventRef
    fold_version: int
    rules: Mapping[str, Scalar]
    changed: tuple[tuple[str, Scalar, Scalar], ...]


@dataclass(frozen=True, slots=True)
class Resolution:
    """How an anomaly ended. `value` is None where its subject was not heard of any more."""

    at_ms: int
    ref: EventRef
    value: float | None


@dataclass(frozen=True, slots=True)
class Episode:
    """One anomaly from its opening on, as it stands in the log. `cause_id` names the event at which it was
    concluded; `cause` is that event, if it was read."""

    id: str
    rule: str
    subject: str
    severity: Severity
    diagnosis: Diagnosis
    value: float
    expected_low: float | None
    expected_high: float | None
    evidence: Mapping[str, Scalar]
    at_ms: int
    ref: EventRef
    cause_id: str
    cause: EventRef | None
    resolution: Resolution | None = None

    @property
    def place(self) -> tuple[str, int | None]:
        """Topic and partition where the subject is one of a topic's partitions; else the subject and None."""
        topic, slash, partition = self.subject.rpartition("/")
        is_number = partition.isascii() and partition.isdecimal() and len(partition) < _PARTITION_DIGITS
        return (topic, int(partition)) if slash and is_number else (self.subject, None)


@dataclass(frozen=True, slots=True)
class Crossing:
    """The first time that a measure was over the static limit of its rule."""

    measure: str
    subject: str
    limit: float
    point: Point


@dataclass(frozen=True, slots=True)
class Total:
    """What became of one topic's records, each counted once."""

    topic: str
    records: int
    errors: int
    dead_letters: int
    retries: int
    cited: Cited


@dataclass(frozen=True, slots=True)
class Build:
    """What runs in a life: stream-pool's version, and the process labels that were set."""

    version: str
    labels: Mapping[str, Scalar]
    ref: EventRef


@dataclass(frozen=True, slots=True)
class Life:
    """One life of a worker's process, as far as the log knows: from its first event to its last.

    `partitions` is the most that it had at once; `ticked` whether it owned the detector for a time;
    `is_last` whether the log ends before it could be missed; `build` what it said of itself when it started.
    """

    worker: str
    incarnation: str
    first: Point
    last: Point
    records: int
    partitions: int
    ticked: bool
    is_last: bool
    build: Build | None = None


@dataclass(frozen=True, slots=True)
class Hold:
    """A stretch in which one worker reported on a partition."""

    topic: str
    partition: int
    worker: str
    from_ms: int
    to_ms: int
    cited: Cited


@dataclass(frozen=True, slots=True)
class Move:
    """Partitions that came to a worker, with who had each before (None: nobody), and those that it left."""

    at_ms: int
    ref: EventRef
    worker: str
    incarnation: str
    gained: tuple[tuple[str, int, str | None], ...]
    lost: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Members:
    """Who worked, on what, when."""

    lives: tuple[Life, ...] = ()
    holds: tuple[Hold, ...] = ()
    moves: tuple[Move, ...] = ()
    left_out: int = 0


@dataclass(frozen=True, slots=True)
class Shift:
    """The largest lasting step of a measure: medians of some points before and after."""

    measure: str
    subject: str
    before: Point
    after: Point


@dataclass(frozen=True, slots=True)
class Resizing:
    """What a worker's pool was given in its life: from the first capacity to the last."""

    worker: str
    incarnation: str
    count: int
    from_capacity: int
    to_capacity: int
    kinds: tuple[tuple[str, int], ...]
    first: Point
    last: Point


@dataclass(frozen=True, slots=True)
class SchemaVersion:
    """A schema version that captured records named in their baggage: how many, and where first."""

    version: str
    records: int
    first_ms: int
    place: str


@dataclass(frozen=True, slots=True)
class Reference:
    """The reference incident's own table, beside what this log has: rows and figures with what they rest on.

    `zero_ms` is T+00:00.
    """

    zero_ms: int
    scale: float
    rows: tuple[tuple[Row, Cited], ...]
    figures: tuple[tuple[Figure, Cited], ...]


@dataclass(frozen=True, slots=True)
class Letter:
    """One dead letter, as far as it may be shown. `place` is its own, `of` that of its record."""

    place: str
    of: str
    at_ms: int
    exception: str | None
    error_offset: str | None
    message: str | None
    value: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Reason:
    """The dead letters of one reason; `sample` is the first of them."""

    reason: str
    count: int
    first_ms: int
    last_ms: int
    last_place: str
    sample: Letter


@dataclass(frozen=True, slots=True)
class Letters:
    """The dead letters of a source by reason, the most frequent first. `repeated` were written twice."""

    source: str
    count: int
    repeated: int
    reasons: tuple[Reason, ...]
    left_out: int = 0
    redacted: bool = True


@dataclass(frozen=True, slots=True)
class Story:
    """One log."""

    extent: Extent
    series: Mapping[str, tuple[Series, ...]]
    left_out: Mapping[str, int]
    episodes: tuple[Episode, ...]
    episodes_left_out: int
    crossings: tuple[Crossing, ...]
    totals: tuple[Total, ...]
    epochs: tuple[Epoch, ...]
    members: Members
    shifts: tuple[Shift, ...]
    resizings: tuple[Resizing, ...]
    reference: Reference | None = None
    schema_versions: tuple[SchemaVersion, ...] = ()
    letters: Letters | None = None

    @property
    def from_ms(self) -> int:
        return self.extent.first.at_ms

    @property
    def to_ms(self) -> int:
        return self.extent.last.at_ms

    def moment(self, at_ms: int) -> str:
        """A moment in words; the day is told where it is not the one on which the story begins."""
        return words.moment(at_ms, since_ms=self.from_ms)

    @property
    def total(self) -> Total:
        """What became of the records of all topics together."""
        every = self.totals
        return Total(
            "",
            sum(total.records for total in every),
            sum(total.errors for total in every),
            sum(total.dead_letters for total in every),
            sum(total.retries for total in every),
            together(total.cited for total in every),
        )

    @property
    def whole(self) -> Cited:
        """The first event and the last, for what was counted over all of them."""
        return self.extent.first.cited | self.extent.last.cited

    @property
    def judged_by(self) -> Cited:
        """The event that has the first rules."""
        return Cited.one(self.epochs[0].ref) if self.epochs else self.whole

    def highest(self, measure: str) -> tuple[str, Point] | None:
        """The highest point of a measure, and whose it is."""
        every = [(each.subject, each.highest) for each in self.series.get(measure, ())]
        return max(every, key=lambda found: (found[1].value, -found[1].at_ms), default=None)
