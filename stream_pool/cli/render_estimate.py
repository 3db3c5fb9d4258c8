"""An estimate as lines for a person and as one object for a program."""

from dataclasses import asdict
from typing import Any

from stream_pool.cli.estimate_sections import Section, sections, settings
from stream_pool.cli.table import table
from stream_pool.incident.estimate import Estimate
from stream_pool.incident.estimate.advice import DOCUMENTS_MIN, Kind, held_ratio, limits, limits_over
from stream_pool.incident.estimate.measure import OURS, Measured
from stream_pool.settings import variable

PATHS_IN_JSON = 200


def to_text(made: Estimate) -> str:
    """The lines that the command prints; the verdict is the first."""
    return "\n\n".join([sentence(made), *map(_text, sections(made))])


def to_json(made: Estimate) -> dict[str, Any]:
    """The object that `--json` prints."""
    profile, judged = made.profile, made.verdict
    return {
        "source": made.source,
        "verdict": {
            "kind": str(judged.kind),
            "sentence": sentence(made),
            "gain": judged.gain,
            "against": judged.against,
            "why": list(judged.why),
        },
        "documents": {
            "seen": profile.seen,
            "accepted": profile.accepted,
            "accepted_bytes": profile.accepted_bytes,
            "not_objects": profile.not_objects,
            "refused": [asdict(refusal) for refusal in profile.refused],
        },
        "measured": None if made.measured is None else asdict(made.measured),
        "native": not made.native_reason,
        "pool": {
            "lookups": profile.lookups,
            "capacities": [
                asdict(figures) | {"hit_ratio": figures.hit_ratio} for figures in profile.capacities
            ],
            "booked_capacity": profile.booked_capacity,
        },
        "distinct": {
            "keys": asdict(profile.keys),
            "layouts": asdict(profile.layouts),
            "short_strings": asdict(profile.short_strings) | {"met": profile.short_strings_met},
        },
        "sizes": {name: asdict(summary) for name, summary in profile.sizes.items()},
        "largest": asdict(profile.largest),
        "bytes": asdict(profile.bytes),
        "paths": [asdict(cost) for cost in profile.paths[:PATHS_IN_JSON]],
        "limits": asdict(limits(profile)),
        "over_default_limits": dict(limits_over(profile)),
        "settings": {variable(name): value for name, value in settings(profile).items()},
    }


def sentence(made: Estimate) -> str:
    """The verdict, plainly."""
    judged, measured = made.verdict, made.measured
    if judged.kind is Kind.TOO_FEW or measured is None or judged.gain is None or judged.against is None:
        return (
            f"too few documents to judge: {made.profile.accepted:,} of {made.profile.seen:,} values are "
            f"documents, and it takes {DOCUMENTS_MIN}"
        )
    time = measured.speed[judged.against]
    against = f"{judged.against}, the quickest other one here"
    times = f"{time.value:.2f} times as fast [{time.low:.2f}, {time.high:.2f}]"
    if judged.gain < 0:
        told = f"you would lose {1 / time.value - 1:.0%} against {against} ({times})"
    else:
        told = f"you would gain {judged.gain:.0%} of the time of {against} ({times})"
    match judged.kind:
        case Kind.NO_CORE:
            return f"not judged: the compiled core is not in use ({made.native_reason}); with its twin {told}"
        case Kind.UNSURE:
            return f"not sure: {told}; more --rounds, a larger --sample or a quieter machine would tell"
        case Kind.WORTH_IT:
            held = _held(measured)
            return f"worth it: {told}; held, a document takes {held}" if held else f"worth it: {told}"
        case Kind.WHERE_HELD:
            alone = f"of decoding alone {told}"
            return f"worth it only where documents are held: one takes {_held(measured)}; {alone}"
    return "; ".join([f"{told}; not worth it", *judged.why])


def _held(measured: Measured) -> str:
    """What a document that is held takes; "" where none was weighed."""
    ratio, weight = held_ratio(measured), measured.costs[OURS].held_bytes
    if ratio is None or weight is None:
        return ""
    of_raw = weight / measured.raw_bytes
    return f"{of_raw:.2f} of its bytes, {ratio:.0%} of what the thriftiest other one takes"


def _text(section: Section) -> str:
    told = [section.title, *(line if section.is_code else f"  {line}" for line in section.lines)]
    if section.rows:
        told += [f"  {line}" for line in table(section.head, section.rows).splitlines()]
    return "\n".join(told)
