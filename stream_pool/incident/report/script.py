"""What the page does: draws the charts in the colours of its style, and shows what a number rests on.

The data are beside it, as JSON. Nothing is asked of a network, and nothing is put together as HTML: what
comes from the log is only ever set as text.
"""

SCRIPT = r"""
(() => {
  "use strict";
  const data = JSON.parse(document.getElementById("data").textContent);
  const root = document.documentElement;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const narrow = matchMedia("screen and (max-width: 720px)");
  const touch = matchMedia("(pointer: coarse)");
  const colour = name => getComputedStyle(root).getPropertyValue("--" + name).trim();
  const plain = text => text.replace(/&/g, "&amp;").replace(/</g, "&lt;");  // plotly reads tags in its texts
  const short = value => Math.abs(value) >= 100 ? Math.round(value).toLocaleString("en")
    : String(Number(value.toPrecision(3)));
  const long = seconds => {
    const whole = Math.round(seconds);
    if (whole < 120) return (seconds < 1 ? Math.round(seconds * 1000) + " ms" : seconds.toFixed(1) + " s");
    const minutes = Math.round(whole / 60);
    return minutes < 120 ? minutes + " min" : Math.floor(minutes / 60) + " h " + minutes % 60 + " min";
  };
  const size = bytes => {
    for (const [unit, by] of [["GB", 1e9], ["MB", 1e6], ["kB", 1e3]]) {
      if (Math.abs(bytes) >= by) return short(bytes / by) + " " + unit;
    }
    return Math.round(bytes) + " bytes";
  };
  const told = (value, unit) => ({
    "s": long, "bytes": size, "ratio": v => (v * 100).toFixed(2) + "%", "1/s": v => short(v) + "/s",
    "bits": v => v.toFixed(2) + " bits",
  }[unit] || (v => Math.round(v).toLocaleString("en")))(value);
  const event = index => {
    const [offset, head, tail] = data.events[index];
    return {offset, id: data.heads[head] + tail};
  };

  // --- what a number rests on

  const origin = document.getElementById("origin");
  const show = (events, count, records) => {
    const list = document.createElement("ol");
    const line = (label, text) => {
      const item = document.createElement("li"), bold = document.createElement("b");
      bold.textContent = label;
      item.append(bold, " ", text);
      list.append(item);
    };
    for (const {offset, id} of events) line("@" + offset, id);
    for (const place of records) line("record", place);
    const head = document.createElement("p");
    const named = events.length + records.length;
    head.textContent = count > named
      ? count.toLocaleString("en") + " events; the first " + (named - 1) + " and the last, offset and id:"
      : records.length ? "From:" : (named === 1 ? "This event" : "These events") + ", offset and id:";
    const close = document.createElement("button");
    close.textContent = "\u00d7";
    close.setAttribute("aria-label", "Close");
    close.addEventListener("click", () => { origin.hidden = true; });
    origin.replaceChildren(head, list, close);
    origin.hidden = false;
  };
  const parsed = (element, name) => JSON.parse(element.getAttribute(name) || "[]");
  const rests = element => {
    const ids = parsed(element, "data-event"), offsets = parsed(element, "data-offset");
    const events = ids.map((id, place) => ({id, offset: offsets[place]}));
    const count = Number(element.getAttribute("data-count")) || events.length;
    return [events, count, parsed(element, "data-record")];
  };
  for (const element of document.querySelectorAll("[data-event], [data-record]")) {
    if (element.tagName === "FIGURE") continue;
    const [events, count, records] = rests(element);
    const lines = events.map(({offset, id}) => "@" + offset + "  " + id).concat(records);
    if (count > events.length) lines.splice(-1, 0, "… " + count.toLocaleString("en") + " events in all …");
    const told = lines.join("\n");
    if (element.namespaceURI.endsWith("svg")) element.querySelector("title").textContent += "\n" + told;
    else element.title = told;
  }
  document.addEventListener("click", click => {
    if (origin.contains(click.target)) return;
    const element = click.target.closest("[data-event], [data-record]");
    if (element === null || element.tagName === "FIGURE" || element.tagName === "SUMMARY") {
      if (click.target.closest(".plot") === null) origin.hidden = true;
      return;
    }
    show(...rests(element));
  });
  document.addEventListener("keydown", key => { if (key.key === "Escape") origin.hidden = true; });

  // --- charts

  const axis = () => ({
    gridcolor: colour("line"), linecolor: colour("line"), tickcolor: colour("line"), zeroline: false,
    tickfont: {color: colour("faint"), size: 11}, automargin: false,
  });
  const ticks = unit => ({
    "ratio": {tickformat: ".5~p"}, "bytes": {tickformat: ".3~s", ticksuffix: "B"}, "s": {tickformat: ".3~f"},
    "bits": {tickformat: ".3~f"},
  }[unit] || {tickformat: ".3~s"});
  const seconds = highest => highest >= 7200 ? [3600, "h"] : highest >= 300 ? [60, "min"] : [1, "s"];

  const layout = (chart, by, highest) => {
    const shapes = [], annotations = [];
    for (const band of chart.bands) {
      const x0 = data.from + band.from, x1 = data.from + band.to;
      const top = band.high === null ? Math.max(highest, band.low) : band.high;
      shapes.push({type: "rect", layer: "below", x0, x1, y0: (band.low || 0) / by, y1: top / by,
        line: {width: 0}, fillcolor: colour("band")});
      shapes.push({type: "line", x0, x1: x0, y0: 0, y1: 1, yref: "paper",
        line: {color: colour(band.severity), width: 1}});
      if (band.label) annotations.push({x: x0, y: 1, yref: "paper", yanchor: "bottom",
        xanchor: "left", xshift: -2, yshift: -2, text: plain(band.label), showarrow: false,
        font: {size: 11, color: colour(band.severity)}});
    }
    for (const limit of chart.limits) {
      shapes.push({type: "line", x0: data.from + limit.from, x1: data.from + limit.to, y0: limit.value / by,
        y1: limit.value / by, line: {color: colour("limit"), width: 1, dash: "dot"}});
    }
    return {
      margin: {l: narrow.matches ? 46 : 54, r: 6, t: 20, b: 26}, showlegend: false, shapes, annotations,
      paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
      font: {family: getComputedStyle(document.body).fontFamily, color: colour("soft"), size: 12},
      xaxis: {...axis(), type: "date", range: [data.from, data.to], showgrid: false,
        nticks: narrow.matches ? 4 : 6, tickformatstops: [
          {dtickrange: [null, 60000], value: "%H:%M:%S"}, {dtickrange: [60000, 86400000], value: "%H:%M"},
          {dtickrange: [86400000, null], value: "%d %b"}]},
      yaxis: {...axis(), ...ticks(chart.unit), rangemode: chart.floats ? "normal" : "tozero",
        fixedrange: true, nticks: 5, ...(chart.unit === "s" ? {ticksuffix: " " + chart.in} : {})},
      hovermode: touch.matches ? "closest" : "x", hoverdistance: 30, dragmode: touch.matches ? false : "zoom",
      hoverlabel: {bgcolor: colour("page"), bordercolor: colour("line"), align: "left", namelength: 0,
        font: {color: colour("ink"), size: 12}},
    };
  };
  const trace = (chart, series, by) => ({
    type: "scatter", mode: series.x.length > 1 ? "lines" : "markers", x: series.x.map(x => data.from + x),
    y: series.y.map(y => y / by), line: {color: colour(series.colour), width: series.bold ? 1.8 : 1.1,
      dash: series.dash ? "dot" : "solid", shape: "linear"},
    opacity: series.bold || series.dash ? 1 : .7,
    text: series.y.map((y, place) => {
      const cited = series.c[place], first = event(Array.isArray(cited) ? cited[0] : cited);
      const more = Array.isArray(cited) ? " to @" + event(cited[cited.length - 1]).offset : "";
      return plain(series.name) + "  <b>" + told(y, chart.unit) + "</b>  @" + first.offset + more;
    }),
    hovertemplate: "%{text}<extra></extra>",
  });

  const drawn = [];
  let moving = false;
  const draw = (element, chart) => {
    const highest = Math.max(...chart.series.flatMap(series => series.y));
    const [by, unit] = chart.unit === "s" ? seconds(highest) : [1, ""];
    chart.in = unit;
    const make = (size = {}) => [
      chart.series.map(series => trace(chart, series, by)), {...layout(chart, by, highest), ...size}];
    Plotly.newPlot(element, ...make(), {displayModeBar: false, responsive: true, scrollZoom: false});
    element.on("plotly_relayout", change => {
      if (moving || (!("xaxis.range[0]" in change) && !("xaxis.autorange" in change))) return;
      moving = true;
      const range = "xaxis.autorange" in change ? [data.from, data.to]
        : [change["xaxis.range[0]"], change["xaxis.range[1]"]];
      Promise.all(drawn.map(other => Plotly.relayout(other.element, {"xaxis.range": range.slice()})))
        .finally(() => { moving = false; });
    });
    element.on("plotly_click", click => {
      const point = click.points[0];
      const series = chart.series[point.curveNumber], cited = series.c[point.pointNumber];
      const events = (Array.isArray(cited) ? cited : [cited]).map(event);
      setTimeout(() => show(events, series.n[point.pointNumber] || events.length, []), 0);
    });
    drawn.push({element, make});
  };
  const again = () => drawn.forEach(({element, make}) => Plotly.react(element, ...make()));
  const waiting = data.charts.map(chart => [document.getElementById("plot-" + chart.key), chart]);
  const next = () => {
    const begun = performance.now();
    while (waiting.length && performance.now() - begun < 40) draw(...waiting.shift());
    if (waiting.length) setTimeout(next, 0);
    else root.setAttribute("data-drawn", String(drawn.length));
  };
  requestAnimationFrame(() => setTimeout(next, 0));
  dark.addEventListener("change", again);
  narrow.addEventListener("change", again);
  let folded = [];  // what was, before it was unfolded for paper
  addEventListener("beforeprint", () => {
    while (waiting.length) draw(...waiting.shift());
    folded = [...document.querySelectorAll("details:not([open])")];
    folded.forEach(each => { each.open = true; });
    root.classList.add("printing");
    for (const {element, make} of drawn) {  // at once: plotly's own resizing takes its time
      Plotly.react(element, ...make({width: element.clientWidth, height: element.clientHeight}));
    }
  });
  addEventListener("afterprint", () => {
    folded.forEach(each => { each.open = false; });
    root.classList.remove("printing");
    again();
    drawn.forEach(({element}) => Plotly.Plots.resize(element));
  });
})();
"""
