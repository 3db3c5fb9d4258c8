"""The report of an incident: a log told as a story, and the story written as a page, as Markdown or as data.

    log, capture, topic ──► Collector ──► Story ──► sections ──► page · Markdown
                            one pass,      frozen,    tables, each number with
                            bounded        bounded    the events it rests on

Nothing is folded again: anomalies are taken from the log as they stand there (`stream-pool verify` proves
them). Whatever is told carries the offsets and ids of the events that it rests on.
"""

from stream_pool.incident.report.collecting import Collector
from stream_pool.incident.report.data import to_data
from stream_pool.incident.report.headline import headline
from stream_pool.incident.report.html import plotly_script, to_html
from stream_pool.incident.report.letters import LetterBook, in_full
from stream_pool.incident.report.markdown import to_markdown
from stream_pool.incident.report.reading import story_of, take_letters
from stream_pool.incident.report.sections import sections
from stream_pool.incident.report.story import Story

__all__ = [
    "Collector",
    "LetterBook",
    "Story",
    "headline",
    "in_full",
    "plotly_script",
    "sections",
    "story_of",
    "take_letters",
    "to_data",
    "to_html",
    "to_markdown",
]
