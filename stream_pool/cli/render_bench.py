"""A bench's report as tables for a person."""

from rich.console import Console
from rich.table import Column, Table

from stream_pool.bench.report import Report


def render(report: Report, console: Console) -> None:
    """Print the figures of each candidate, the ratios between them, and the bars."""
    console.print(f"bench {report.bench}", style="bold")
    for name, value in report.environment.items():
        console.print(f"  {name}: {value}", highlight=False, soft_wrap=True)
    console.print(_candidates(report))
    if report.ratios:
        console.print(_ratios(report))
    console.print(_bars(report))


def _candidates(report: Report) -> Table:
    table = Table(_name(""), *report.candidates)
    metrics = dict.fromkeys(metric for figures in report.candidates.values() for metric in figures)
    for metric in metrics:
        table.add_row(metric, *(_figure(figures.get(metric)) for figures in report.candidates.values()))
    return table


def _name(header: str) -> Column:
    """A column of names, which are read whole or not at all."""
    return Column(header, no_wrap=True)


def _figure(value: float | None) -> str:
    """A figure; a candidate may lack one that others have."""
    return "" if value is None else f"{value:,.6g}"


def _ratios(report: Report) -> Table:
    table = Table(_name("ratio"), "value", "95 % interval")
    for name, ratio in report.ratios.items():
        table.add_row(name, f"{ratio.value:.3f}", f"{ratio.low:.3f} to {ratio.high:.3f}")
    return table


def _bars(report: Report) -> Table:
    table = Table(_name("bar"), "measured", "low to high", "must", "")
    for bar in report.bars:
        measured = bar.measured
        verdict = "[green]holds[/green]" if bar.holds else "[red]does not hold[/red]"
        table.add_row(
            bar.name, f"{measured.value:.4g}", f"{measured.low:.4g} to {measured.high:.4g}", bar.must, verdict
        )
    return table
