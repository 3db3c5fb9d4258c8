"""The runbook and the page on deployment: a section for each alert, and no word of what is not there."""

import re
from pathlib import Path

import pytest
from deployed import ROOT, alerts, panels

from stream_pool.settings import Settings, variable

DOCS = ROOT / "docs"
RUNBOOK = DOCS / "runbook.md"
PAGES = [pytest.param(RUNBOOK, id="runbook"), pytest.param(DOCS / "deployment.md", id="deployment")]


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), flags=re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_the_runbook_has_a_section_for_each_alert_and_no_other() -> None:
    """Each says what the alert means, what to look at, and what to do; each alert leads there."""
    _, *sections = re.split(r"^## ", RUNBOOK.read_text(), flags=re.MULTILINE)
    titled = {section.split("\n", 1)[0]: section for section in sections}
    found = {title: section for title, section in titled.items() if title.startswith("StreamPool")}
    assert found.keys() == alerts().keys()
    assert titled.keys() - found.keys() == {"After an incident: take the traffic first"}
    for name, section in found.items():
        assert re.findall(r"^\*\*(.+?)\*\*", section, flags=re.MULTILINE) == ["Means.", "Look at.", "Do."], (
            name
        )
    for rule in alerts().values():
        path, anchor = rule["annotations"]["runbook_url"].split("#")
        assert ROOT / path == RUNBOOK
        assert anchor in anchors(RUNBOOK)


def test_every_panel_that_the_runbook_names_is_on_the_board() -> None:
    """Names of panels stand in italics, with a capital."""
    named = set(re.findall(r"(?<!\*)\*([A-Z][^*]+)\*(?!\*)", RUNBOOK.read_text()))
    assert len(named) >= 10
    assert named <= {panel["title"] for panel in panels()}


@pytest.mark.parametrize("page", PAGES)
def test_every_alert_that_is_named_exists(page: Path) -> None:
    """Words that begin with StreamPool."""
    named = set(re.findall(r"\bStreamPool[A-Z]\w+", page.read_text()))
    assert named
    assert named <= alerts().keys()


@pytest.mark.parametrize("page", PAGES)
def test_every_setting_that_is_named_exists(page: Path) -> None:
    """By its whole name, or with a star for those that begin so."""
    known = {variable(name) for name in Settings.model_fields}
    named = set(re.findall(r"STREAM_POOL_[A-Z0-9_]+\*?", page.read_text()))
    assert named
    for each in named:
        assert each in known or (each.endswith("*") and any(name.startswith(each[:-1]) for name in known)), (
            each
        )


@pytest.mark.parametrize("page", PAGES)
def test_every_link_within_the_project_leads_somewhere(page: Path) -> None:
    """A file that is there, and a heading in it."""
    links = re.findall(r"\]\(([^)#:]*)(?:#([\w-]+))?\)", page.read_text())
    assert links
    for path, anchor in links:
        target = (page.parent / path).resolve() if path else page
        assert target.is_file(), path
        assert not anchor or anchor in anchors(target), f"{path}#{anchor}"


def test_the_readme_leads_to_both() -> None:
    """From its last line of links."""
    readme = (ROOT / "README.md").read_text()
    assert "(docs/deployment.md)" in readme
    assert "(docs/runbook.md)" in readme
