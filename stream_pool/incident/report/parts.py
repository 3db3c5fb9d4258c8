"""What a report is made of, whatever it is written as: tables of cells that say what they rest on."""

from dataclasses import dataclass

from stream_pool.incident.report.cited import NOTHING, Cited
from stream_pool.incident.report.measures import Group


@dataclass(frozen=True, slots=True)
class Cell:
    """A piece of text. `more` stands below it, smaller; `tone` is a severity, `quiet`, `good` or `bad`.

    What has a number in it names the events that it rests on, or where it is from no event the `places`
    (topic/partition/offset) of the records.
    """

    text: str
    cited: Cited = NOTHING
    more: str = ""
    tone: str = ""
    places: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under a head. A `summary` stands in the place of a table that is folded up; `numeric` are the
    columns that are set to the right."""

    head: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    summary: str = ""
    numeric: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Section:
    """A heading, sentences and tables; `group` are its charts, `lanes` and `holds` whether a drawing of its
    own belongs to it."""

    key: str
    title: str
    text: tuple[Cell, ...] = ()
    tables: tuple[Table, ...] = ()
    group: Group | None = None
    lanes: bool = False
    holds: bool = False


@dataclass(frozen=True, slots=True)
class Headline:
    """The whole story in one sentence, what the detector said of it, and the figures that stand out."""

    sentence: tuple[Cell, ...]
    detector: tuple[Cell, ...]
    figures: tuple[tuple[str, Cell], ...]

    @property
    def text(self) -> str:
        return "".join(cell.text for cell in self.sentence)
