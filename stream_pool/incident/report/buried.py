"""The dead letters as a table: by reason, the most frequent first, with the first of each."""

from stream_pool.incident.report.parts import Cell, Section, Table
from stream_pool.incident.report.story import Letters, Reason, Story

_HEAD = ("reason", "letters", "first", "last", "the first of them")


def buried(story: Story, letters: Letters) -> Section:
    """The section."""
    places = tuple(
        place for reason in letters.reasons[:1] for place in (reason.sample.place, reason.last_place)
    )
    told = f"{letters.count:,} dead letters in {letters.source}"
    if letters.repeated:
        told += f"; {letters.repeated:,} more were written twice"
    text = [Cell(f"{told}.", places=places)]
    if letters.redacted:
        text.append(Cell("Of values the form is shown: members' names, and how long texts and numbers are."))
    if letters.left_out:
        text.append(Cell(f"{letters.left_out:,} of them had further reasons.", places=places))
    table = Table(_HEAD, tuple(_row(story, reason) for reason in letters.reasons), numeric=frozenset({1}))
    return Section("letters", "Dead letters", tuple(text), (table,) if letters.reasons else ())


def _row(story: Story, reason: Reason) -> tuple[Cell, ...]:
    sample = reason.sample
    first, last = (sample.place,), (reason.last_place,)
    about = [sample.of, f"{sample.size_bytes:,} bytes", sample.exception, sample.message]
    if sample.error_offset is not None:
        about.append(f"at byte {sample.error_offset}")
    return (
        Cell(reason.reason, places=first),
        Cell(f"{reason.count:,}", places=first + last),
        Cell(story.moment(reason.first_ms), places=first),
        Cell(story.moment(reason.last_ms), places=last),
        Cell(sample.value, more=", ".join(filter(None, about)), tone="code", places=first),
    )
