"""An estimate in sections: what the lines of a terminal and the page both show, in words and rows."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, fields

from stream_pool.cli.table import Row
from stream_pool.documents import Limits
from stream_pool.incident.estimate import Estimate
from stream_pool.incident.estimate.advice import MARGINS, capacity, limits, limits_over
from stream_pool.incident.estimate.measure import WEIGHED_BYTES_MIN, Measured
from stream_pool.incident.estimate.profile import Distinct, PathCost, Profile
from stream_pool.pool.pool import CAPACITY_DEFAULT
from stream_pool.settings import variable
from stream_pool.words import UNKNOWN, ratio

PATHS_SHOWN = 10
MISSES_SHOWN = 5

BYTES_ARE = {
    "keys": "keys",
    "short_strings": "short strings",
    "long_strings": "long strings",
    "numbers": "numbers",
    "numbers_in_arrays": "numbers in arrays",
    "literals": "true, false and null",
    "brackets_and_commas": "brackets and commas",
    "white_space": "white space",
}
SIZES_ARE = {"document_bytes": "bytes", "depth": "levels", "keys": "members", "items": "array elements"}


@dataclass(frozen=True, slots=True)
class Section:
    """A title, then lines, then a table; `is_code` where lines are to be copied as they are."""

    title: str
    lines: Sequence[str] = ()
    head: Row = ()
    rows: Sequence[Row] = ()
    is_code: bool = False


def sections(made: Estimate) -> Iterator[Section]:
    """All of them, in order; what has nothing to tell is left out."""
    profile = made.profile
    yield _documents(made)
    if made.measured is not None:
        yield _costs(made.measured)
    if profile.lookups:
        yield _capacities(profile)
    if profile.accepted:
        yield _contents(made)
        yield _sizes(profile)
        yield _paths(profile)
        yield _limits(profile)
        yield Section("settings, as variables", environment_lines(profile), is_code=True)
        yield Section("settings, as a file", toml_lines(profile), is_code=True)


def settings(profile: Profile) -> dict[str, int]:
    """What to set: the settings, by their fields, that differ from the defaults."""
    told = {"pool_capacity": capacity(profile)} if capacity(profile) != CAPACITY_DEFAULT else {}
    advised, default = limits(profile), Limits()
    for field in fields(advised):
        value = getattr(advised, field.name)
        if value != getattr(default, field.name):
            told[f"limit_{field.name}"] = value
    return told


def environment_lines(profile: Profile) -> list[str]:
    """The settings as variables."""
    lines = [f"{variable(name)}={value}" for name, value in settings(profile).items()]
    lines = lines or ["# the defaults fit"]
    return lines + [
        f"# {variable(f'limit_{name}')}={value} would take what this limit refused here"
        for name, value in limits_over(profile).items()
    ]


def toml_lines(profile: Profile) -> list[str]:
    """The settings as they stand in a file."""
    return [f"{name} = {value}" for name, value in settings(profile).items()] or ["# the defaults fit"]


def _documents(made: Estimate) -> Section:
    profile = made.profile
    lines = [
        made.source,
        f"{profile.accepted:,} documents of {profile.seen:,} values, {profile.accepted_bytes:,} bytes",
    ]
    if profile.not_objects:
        lines.append(
            f"{profile.not_objects:,} of them are no objects: an agent takes those with objects_only=False"
        )
    rows = [
        (
            refusal.reason,
            f"{refusal.number:,}",
            refusal.place if refusal.offset is None else f"{refusal.place}, byte {refusal.offset:,}",
        )
        for refusal in profile.refused
    ]
    return Section("payloads", lines, ("refused for", "values", "the first") if rows else (), rows)


def _costs(measured: Measured) -> Section:
    rows = []
    for name, cost in sorted(measured.costs.items(), key=lambda item: item[1].us):
        speed = measured.speed.get(name)
        weight = cost.held_bytes
        rows.append(
            (
                name,
                f"{cost.us:,.2f}",
                "1" if speed is None else f"{speed.value:.2f} [{speed.low:.2f}, {speed.high:.2f}]",
                UNKNOWN if cost.holding_us is None else f"{cost.holding_us:,.2f}",
                UNKNOWN if weight is None else f"{weight:,.0f}",
                UNKNOWN if weight is None else f"{weight / measured.raw_bytes:.2f}",
            )
        )
    lines = [
        f"CPU time of {measured.documents:,} documents of {measured.raw_bytes:,.0f} bytes, each decoded once "
        "a round by new decoders, which a fifth of the sample has warmed up"
    ]
    lines += [f"{name} is left out: {why}" for name, why in measured.left_out.items()]
    if all(cost.held_bytes is None for cost in measured.costs.values()):
        lines.append(
            f"memory was not weighed: that takes a sample of {WEIGHED_BYTES_MIN >> 20} MiB and a fourth"
        )
    head = ("decoder", "µs a document", "time, of ours", "µs while held", "bytes held", "of raw bytes")
    return Section("time and memory", lines, head, rows)


def _capacities(profile: Profile) -> Section:
    rows = [
        (
            f"{figures.capacity:,}",
            ratio(figures.hit_ratio),
            f"{figures.misses:,}",
            f"{figures.evictions:,}",
            f"{figures.size:,}",
            f"{figures.shapes:,}",
        )
        for figures in profile.capacities
    ]
    line = f"each document was decoded through a pool of each; {capacity(profile):,} is enough to begin with"
    head = ("capacity", "hit ratio", "misses", "evictions", "strings at the end", "layouts at the end")
    return Section("pool", [line], head, rows)


def _contents(made: Estimate) -> Section:
    profile = made.profile
    sizes = {BYTES_ARE[name]: size for name, size in asdict(profile.bytes).items() if size}
    shares = sorted(sizes.items(), key=lambda share: -share[1])
    lines = [
        f"different keys: {counted(profile.keys)} in {profile.lookups:,} members; "
        f"layouts of objects: {counted(profile.layouts)}; "
        f"short strings: {counted(profile.short_strings, profile.short_strings_met)} "
        f"in {profile.short_strings_met:,}",
        "of the bytes: " + ", ".join(f"{name} {size / profile.accepted_bytes:.1%}" for name, size in shares),
    ]
    lines += [f"what stands against a pool: {why}" for why in made.verdict.why]
    return Section("contents", lines)


def _sizes(profile: Profile) -> Section:
    rows = [
        (
            SIZES_ARE[name],
            f"{told.mean:,.1f}",
            *(f"{size:,}" for size in (told.p50, told.p90, told.p99, told.max)),
        )
        for name, told in profile.sizes.items()
    ]
    return Section("sizes of a document", (), ("", "mean", "p50", "p90", "p99", "largest"), rows)


def _paths(profile: Profile) -> Section:
    costs = list(profile.paths[:PATHS_SHOWN])
    by_misses = sorted(profile.paths, key=lambda cost: -cost.misses)[:MISSES_SHOWN]
    costs += [cost for cost in by_misses if cost.misses and cost not in costs]
    head = ("path", "bytes", "values", "different", "misses", "different keys")
    line = (
        "own bytes, without those of paths below; misses of the pool of "
        f"{profile.booked_capacity:,}; * stands for keys that are rare and many"
    )
    return Section("paths that cost most", [line], head, [_path(cost, profile) for cost in costs])


def _path(cost: PathCost, profile: Profile) -> Row:
    misses = profile.at(profile.booked_capacity).misses
    return (
        cost.path,
        f"{cost.bytes / profile.accepted_bytes:.1%}",
        f"{cost.number:,}",
        counted(cost.values, cost.number) if cost.values.number else UNKNOWN,
        f"{cost.misses / misses:.1%}" if cost.misses else UNKNOWN,
        counted(cost.keys, cost.number) if cost.keys is not None else UNKNOWN,
    )


def _limits(profile: Profile) -> Section:
    advised, default = limits(profile), Limits()
    rows = [
        (
            name,
            f"{getattr(profile.largest, name):,}",
            f"x {margin}, {floor:,} at least",
            f"{getattr(advised, name):,}",
            f"{getattr(default, name):,}",
        )
        for name, (margin, floor) in MARGINS.items()
    ]
    lines = ["the largest met times a margin, and never over the default: a sample has not seen the largest"]
    lines += [
        f"{name}: {largest:,} was met in a document refused for its size"
        for name, largest in limits_over(profile).items()
    ]
    return Section("limits", lines, ("limit", "largest met", "margin", "to set", "default"), rows)


def counted(distinct: Distinct, most: int | None = None) -> str:
    """A number of different things: exact, or two digits of an estimate; there were `most` things in all."""
    number = distinct.number if most is None else min(distinct.number, most)
    if not distinct.error_ratio:
        return f"{number:,}"
    return f"about {round(number, 2 - len(str(number))):,}"
