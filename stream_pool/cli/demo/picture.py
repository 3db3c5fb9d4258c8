"""A picture of the demo's screen at its most telling moment, for a page."""

import io
import re
from pathlib import Path

from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console

from stream_pool.cli.demo.model import View
from stream_pool.cli.demo.run import Show
from stream_pool.cli.demo.screen import Setting, screen

COLUMNS, ROWS = 100, 30
_FONTS = re.compile(r"@font-face \{\{.*?\}\}\s*", re.DOTALL)
"""Rich's picture would fetch its font from elsewhere; any font of even width does."""


class Picture:
    """Shows what it is given, and keeps the view with most anomalies open; of several that with most lag."""

    def __init__(self, show: Show) -> None:
        self._show = show
        self._best: tuple[View, Setting] | None = None

    def __call__(self, view: View, setting: Setting) -> None:
        self._show(view, setting)
        if self._best is None or _telling(view) >= _telling(self._best[0]):
            self._best = view, setting

    def write(self, path: Path) -> None:
        """As SVG; nothing where nothing was shown."""
        if self._best is None:
            return
        console = Console(record=True, width=COLUMNS, height=ROWS, file=io.StringIO(), force_terminal=True)
        console.print(screen(*self._best, ROWS))
        form = _FONTS.sub("", CONSOLE_SVG_FORMAT)
        path.write_text(console.export_svg(title="stream-pool demo", code_format=form), encoding="utf-8")


def _telling(view: View) -> tuple[int, int]:
    still_open = sum(anomaly.resolved_s is None for anomaly in view.anomalies)
    return still_open, view.lag_records or 0
