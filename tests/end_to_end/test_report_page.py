"""The report of the reference incident in Chromium: light and dark, at a desk's width and a phone's.

The first minutes of the story, past the kill of a worker, at a hundredth of the orders.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.waiting import until

from stream_pool.cli.demo.offline import play_offline
from stream_pool.incident.log_file import read_log_file
from stream_pool.incident.reference import Story
from stream_pool.incident.reference_findings import EVENTS_TOPIC
from stream_pool.incident.report import plotly_script, story_of, to_html

pytestmark = pytest.mark.xdist_group("report page")  # one log, one browser for all of them

SCALE, UNTIL_S = 0.01, 760.0
SIZES = {"desk": (1280, 900, False), "phone": (390, 844, True)}
CHARTS = 12
PAGE_BYTES_AT_MOST = 6_000_000

EVERYTHING_TOO_WIDE = """
return [...document.querySelectorAll("body *")]
  .filter(each => !each.closest(".plot") && each.getBoundingClientRect().right > innerWidth + 1)
  .map(each => each.tagName + " " + each.textContent.slice(0, 40));
"""


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The incident's log."""
    out = tmp_path_factory.mktemp("report") / "reference.ndjson"
    play_offline(Story(SCALE, UNTIL_S), out=out, seed=0, watch=lambda at_s, handled: None)
    return out


@pytest.fixture(scope="module")
def page(log: Path) -> Path:
    """Its report."""
    pytest.importorskip("plotly", reason="needs plotly (extra: ui)")
    path = log.with_suffix(".html")
    story = story_of(log, lambda done, total, number: None)
    path.write_text(to_html(story, plotly_script(), "0.1.0"), encoding="utf-8")
    return path


class Browser:
    """Chromium, as somebody with this screen and this taste has it."""

    def __init__(self, driver: Any) -> None:
        self.driver = driver

    async def open(self, page: Path, size: str, scheme: str) -> None:
        """Open the page, and wait until every chart is drawn."""
        width, height, is_mobile = SIZES[size]
        self.prefer(scheme)
        self.do(
            "Emulation.setDeviceMetricsOverride",
            {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": is_mobile},
        )
        self.driver.get(page.as_uri())
        await until(lambda: self.drawn == CHARTS, "every chart to be drawn", timeout_s=120)

    @property
    def drawn(self) -> int:
        return int(self.run("return document.documentElement.getAttribute('data-drawn')") or 0)

    def prefer(self, scheme: str) -> None:
        self.do(
            "Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
        )

    def do(self, command: str, arguments: dict[str, Any]) -> Any:
        return self.driver.execute_cdp_cmd(command, arguments)

    def run(self, script: str, *arguments: object) -> Any:
        return self.driver.execute_script(script, *arguments)

    def style(self, selector: str, name: str) -> str:
        script = "return getComputedStyle(document.querySelector(arguments[0]))[arguments[1]]"
        return str(self.run(script, selector, name))

    @property
    def console(self) -> list[str]:
        """What it has complained of since the last look."""
        return [entry["message"] for entry in self.driver.get_log("browser")]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One for all these tests."""
    webdriver = pytest.importorskip("selenium.webdriver", reason="needs selenium")
    binary = shutil.which("chromium") or shutil.which("google-chrome")
    driver = shutil.which("chromedriver")
    if binary is None or driver is None:
        pytest.skip("needs chromium and chromedriver (Debian: chromium, chromium-driver)")
    options = webdriver.ChromeOptions()
    options.binary_location = binary
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    started = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
    try:
        yield Browser(started)
    finally:
        started.quit()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
async def test_it_is_drawn_whole_and_without_complaint(
    browser: Browser, page: Path, size: str, scheme: str
) -> None:
    """Nothing is wider than the screen, nothing is said on the console, the colours are the scheme's."""
    await browser.open(page, size, scheme)
    assert browser.console == []
    assert browser.run(EVERYTHING_TOO_WIDE) == []
    width, _, _ = SIZES[size]
    assert browser.run("return document.documentElement.scrollWidth") <= width
    is_dark = browser.style("body", "backgroundColor") != "rgb(255, 255, 255)"
    assert is_dark == (scheme == "dark")
    columns = browser.style(".charts", "gridTemplateColumns").split()
    assert len(columns) == (2 if size == "desk" else 1)
    assert {float(column.removesuffix("px")) > 300 for column in columns} == {True}
    lines = browser.run("return document.querySelectorAll('.plot .lines path.js-line').length")
    assert lines > CHARTS


async def test_charts_follow_the_scheme(browser: Browser, page: Path) -> None:
    """When it changes under an open page, too."""
    await browser.open(page, "desk", "light")
    colours = {}
    for scheme in ("light", "dark", "light"):
        browser.prefer(scheme)
        wanted = browser.run("return getComputedStyle(document.documentElement).getPropertyValue('--s0')")
        paint = browser.run(
            "const of = document.createElement('i'); of.style.color = arguments[0]; document.body.append(of);"
            "const rgb = getComputedStyle(of).color; of.remove(); return rgb;",
            wanted.strip(),
        )
        line = "#plot-lag_records .lines path.js-line"
        await until(
            lambda line=line, paint=paint: browser.style(line, "stroke") == paint, "the line's colour"
        )
        colours[scheme] = paint
    assert colours["light"] != colours["dark"]
    assert browser.console == []


@pytest.mark.parametrize("size", SIZES)
async def test_a_number_shows_where_it_is_from(browser: Browser, page: Path, log: Path, size: str) -> None:
    """Clicked or tapped: offset and id, as they stand in the log; Escape puts it away."""
    await browser.open(page, size, "light")
    events = [record for topic, record in read_log_file(log) if topic == EVENTS_TOPIC]
    ids = {record.offset: dict(record.headers)["ce_id"] for record in events}
    number = browser.driver.find_element("css selector", "#timeline td[data-event]")
    number.click()
    shown = browser.driver.find_element("css selector", "#origin li").text
    offset, id_ = shown.removeprefix("@").split(" ", 1)
    assert ids[int(offset)] == id_.strip().encode()
    assert browser.run("return document.querySelector('#timeline td[data-event]').title").startswith("@")
    browser.driver.find_element("css selector", "body").send_keys("\ue00c")
    assert browser.run("return document.getElementById('origin').hidden")


async def test_a_point_of_a_chart_shows_where_it_is_from(browser: Browser, page: Path) -> None:
    """Pointed at it names its offset, clicked its id."""
    await browser.open(page, "desk", "light")
    place = browser.run(
        "const plot = document.getElementById('plot-lag_records'); plot.scrollIntoView({block: 'center'});"
        "const box = plot.querySelector('.nsewdrag').getBoundingClientRect();"
        "return [box.x + box.width / 2, box.y + box.height / 2];"
    )
    mouse = {"x": place[0], "y": place[1], "button": "left", "clickCount": 1}
    browser.do("Input.dispatchMouseEvent", {"type": "mouseMoved", **mouse, "button": "none"})
    label = "return document.querySelector('#plot-lag_records .hoverlayer').textContent"
    await until(lambda: "@" in browser.run(label), "the label of a point")
    browser.do("Input.dispatchMouseEvent", {"type": "mousePressed", **mouse})
    browser.do("Input.dispatchMouseEvent", {"type": "mouseReleased", **mouse})
    await until(
        lambda: "lag.sampled" in browser.run("return document.getElementById('origin').textContent"),
        "the origin of a point",
    )


async def test_charts_zoom_together(browser: Browser, page: Path) -> None:
    """One axis of time for all."""
    await browser.open(page, "desk", "light")
    ranges = "return [...document.querySelectorAll('.plot')].map(each => each.layout.xaxis.range.join())"
    before = set(browser.run(ranges))
    browser.run(
        "const plot = document.getElementById('plot-memory_bytes'), [from, to] = plot.layout.xaxis.range;"
        "Plotly.relayout(plot, {'xaxis.range[0]': (from + to) / 2, 'xaxis.range[1]': to});"
    )
    await until(lambda: len(set(browser.run(ranges))) == 1, "every chart to follow")
    assert set(browser.run(ranges)) != before


async def test_it_is_printed_in_light_with_everything_unfolded(browser: Browser, page: Path) -> None:
    """Paper has no pointer: the list of events has to stand there. Then all is as it was."""
    await browser.open(page, "desk", "dark")
    state = """
        const charts = [...document.querySelectorAll(".plot")].map(each => each.offsetWidth);
        const drawn = [...document.querySelectorAll(".plot .main-svg")].map(each => each.clientWidth);
        const open = [...document.querySelectorAll("details")].map(each => each.open);
        return [getComputedStyle(document.body).color, open, Math.max(...charts) - Math.min(...drawn)];
    """
    before = browser.run(state)
    browser.run("dispatchEvent(new Event('beforeprint'))")
    colour, are_open, beyond = browser.run(state)
    assert colour == "rgb(27, 30, 35)"
    assert all(are_open)
    assert beyond == 0
    browser.run("dispatchEvent(new Event('afterprint'))")
    await until(lambda: browser.run(state) == before, "the page to be as it was")
    assert len(browser.do("Page.printToPDF", {})["data"]) > 50_000
    assert browser.console == []


def test_it_is_no_larger_than_it_has_to_be(page: Path) -> None:
    """Most of it is plotly's own script."""
    assert page.stat().st_size <= PAGE_BYTES_AT_MOST
