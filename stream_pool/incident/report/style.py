"""How the page looks: one column, system fonts, two schemes by `prefers-color-scheme`, phones, print.

Paper is always light, and about 44 rem wide: under `printing` the screen is so already, for the charts to be
drawn as they will stand there.

Colours are custom properties, which the charts take as well. Topics and workers have one of eight, which stay
apart for who does not see all colours (Okabe and Ito's, toned for each scheme); whoever comes later is grey.
"""

STYLE = """
:root {
  color-scheme: light dark;
  --page: #ffffff; --ink: #1b1e23; --soft: #5c636d; --faint: #8b929c; --line: #e2e5e9; --wash: #f5f6f8;
  --link: #1a5fb4; --P1: #b3261e; --P2: #c05600; --P3: #8f6b00; --P4: #5c636d; --good: #2a7a3b;
  --s0: #0b63a5; --s1: #c4571b; --s2: #1f8a63; --s3: #8a4f9e; --s4: #a07800; --s5: #2f9fc4; --s6: #b5446e;
  --s7: #5a6b2f; --s8: #8b929c; --band: rgba(31, 138, 99, .10); --limit: #8b929c;
}
@media screen and (prefers-color-scheme: dark) {
  :root:not(.printing) {
    --page: #14161a; --ink: #e4e6ea; --soft: #a3aab4; --faint: #7b828d; --line: #2b2f36; --wash: #1b1e23;
    --link: #7fb2ef; --P1: #ff8a80; --P2: #ffab66; --P3: #e3c04f; --P4: #a3aab4; --good: #7fce91;
    --s0: #6cb2f0; --s1: #f2935c; --s2: #5fc9a0; --s3: #c99bdb; --s4: #d9b44a; --s5: #7fd4ee; --s6: #ec8fb0;
    --s7: #adc06f; --s8: #7b828d; --band: rgba(95, 201, 160, .13); --limit: #7b828d;
  }
}
@media print { :root { color-scheme: light; } }
.printing body { max-width: 44rem; padding: 0; }
.printing .plot { height: 165px; }
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body {
  margin: 0 auto; max-width: 72rem; padding: 2.5rem 2rem 4rem; background: var(--page); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif;
  font-variant-numeric: tabular-nums;
}
a { color: var(--link); text-decoration: none; }
a:hover { text-decoration: underline; }
.over { margin: 0 0 .75rem; color: var(--soft); font-size: .875rem; }
h1 {
  margin: 0; max-width: 50rem; font-size: 1.45rem; line-height: 1.35; font-weight: 600; letter-
  spacing: -.01em; text-wrap: pretty;
}
.detector { margin: .75rem 0 0; max-width: 50rem; font-size: 1.05rem; color: var(--soft); }
.figures {
  display: grid; grid-template-columns: repeat(auto-fit, minmax(9.5rem, 1fr)); gap: 1.25rem 2rem;
  margin: 2rem 0 0; padding: 1.25rem 0; border: solid var(--line); border-width: 1px 0;
}
.figures div { min-width: 0; }
.figures dt { color: var(--soft); font-size: .8125rem; }
.figures dd { margin: .1rem 0 0; font-size: 1.3rem; font-weight: 600; line-height: 1.3; }
.more {
  display: block; color: var(--soft); font-size: .8125rem; font-weight: 400; line-height: 1.4;
  overflow-wrap: anywhere;
}
nav { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; margin: 1.25rem 0 0; font-size: .875rem; }
section { margin-top: 3rem; scroll-margin-top: 1rem; }
h2 { margin: 0 0 .75rem; font-size: 1.15rem; font-weight: 600; }
section > p { max-width: 50rem; margin: 0 0 .75rem; color: var(--soft); }
table { width: 100%; border-collapse: collapse; margin: 0 0 1.5rem; font-size: .875rem; }
th {
  padding: .35rem 1rem .35rem 0; text-align: left; color: var(--soft); font-weight: 500; border-
  bottom: 1px solid var(--line);
}
td {
  padding: .45rem 1rem .45rem 0; vertical-align: top; border-bottom: 1px solid var(--line);
  overflow-wrap: break-word;
}
th:last-child, td:last-child { padding-right: 0; }
.number { text-align: right; }
tbody tr:last-child td { border-bottom: 0; }
.evidence { max-width: 22rem; font-size: .8125rem; }
.quiet { color: var(--soft); }
.bad { color: var(--P1); }
.P1, .P2, .P3, .P4 { font-weight: 600; white-space: nowrap; }
.P1 { color: var(--P1); } .P2 { color: var(--P2); } .P3 { color: var(--P3); } .P4 { color: var(--P4); }
.code {
  font: .8125rem/1.45 ui-monospace, "SF Mono", Menlo, Consolas, monospace; overflow-wrap: anywhere;
  white-space: pre-wrap;
}
.code .more { font-family: system-ui, sans-serif; white-space: normal; }
[data-event], [data-record] { cursor: help; }
details { margin: 0 0 1.5rem; }
summary { cursor: pointer; color: var(--link); font-size: .875rem; padding: .25rem 0; }
details[open] > summary { margin-bottom: .5rem; }
.charts { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 1.75rem 2.5rem; }
figure {
  display: grid; grid-template-rows: subgrid; grid-row: span 2; row-gap: .35rem;
  margin: 0; min-width: 0; break-inside: avoid;
}
figcaption { font-size: .875rem; line-height: 1.4; }
figcaption b { font-weight: 600; }
figcaption .note { color: var(--soft); }
figcaption .tell { display: block; color: var(--soft); font-size: .8125rem; }
.plot { height: 210px; min-width: 0; }
.key {
  display: flex; flex-wrap: wrap; gap: .15rem 1.1rem; margin: 0 0 .9rem; padding: 0; font-size:
  .8125rem; color: var(--soft); list-style: none;
}
figcaption .key { margin: .15rem 0 0; }
.key i {
  display: inline-block; width: 1.1rem; height: 0; margin-right: .4rem; border-top: 2px solid;
  vertical-align: .28em;
}
.key i.dash { border-top-style: dashed; }
.key i.band { height: .7rem; border: 0; background: var(--band); vertical-align: -.1em; }
.s0 { color: var(--s0); fill: var(--s0); } .s1 { color: var(--s1); fill: var(--s1); }
.s2 { color: var(--s2); fill: var(--s2); }
.s3 { color: var(--s3); fill: var(--s3); } .s4 { color: var(--s4); fill: var(--s4); }
.s5 { color: var(--s5); fill: var(--s5); }
.s6 { color: var(--s6); fill: var(--s6); } .s7 { color: var(--s7); fill: var(--s7); }
.s8 { color: var(--s8); fill: var(--s8); }
.lanes { margin: 0 0 1.75rem; font-size: .8125rem; break-inside: avoid; }
.lane {
  display: grid; grid-template-columns: 17rem minmax(0, 1fr); align-items: center; gap: 1rem;
  padding: .22rem 0;
}
.lane .name { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.lane svg { display: block; width: 100%; height: 14px; background: var(--wash); border-radius: 2px; }
.lane rect.P1 { fill: var(--P1); } .lane rect.P2 { fill: var(--P2); }
.lane rect.P3 { fill: var(--P3); } .lane rect.P4 { fill: var(--P4); }
.lane rect.many { opacity: .4; }
.holds .lane { grid-template-columns: 8rem minmax(0, 1fr); padding: 1px 0; }
.holds .lane svg { height: 10px; }
.axis { position: relative; height: 1.2rem; color: var(--faint); font-size: .75rem; }
.axis span { position: absolute; transform: translateX(-50%); white-space: nowrap; }
.axis span:first-child { transform: none; } .axis span:last-child { transform: translateX(-100%); }
#cited table { font-size: .8125rem; }
#cited td { padding: .2rem 1rem .2rem 0; }
#origin {
  position: fixed; right: 1.5rem; bottom: 1.5rem; z-index: 10; max-width: min(34rem, calc(100vw -
  2rem)); max-height: 50vh; overflow: auto; padding: .8rem 1rem; background: var(--page); color:
  var(--ink); border: 1px solid var(--line); border-radius: 6px; box-shadow: 0 4px 24px rgba(0, 0,
  0, .18); font-size: .8125rem;
}
#origin[hidden] { display: none; }
#origin p { margin: 0 1.5rem .4rem 0; color: var(--soft); }
#origin ol { margin: 0; padding: 0; list-style: none; }
#origin li { overflow-wrap: anywhere; }
#origin li b { display: inline-block; min-width: 4.5rem; font-weight: 500; }
#origin button {
  position: absolute; top: .45rem; right: .5rem; border: 0; background: none; color: var(--soft);
  font-size: 1.1rem; line-height: 1; cursor: pointer; padding: .3rem;
}
footer { margin-top: 4rem; color: var(--faint); font-size: .8125rem; }
noscript p { color: var(--soft); }
@media screen and (max-width: 720px) {
  body { padding: 1.25rem 1rem 3rem; font-size: 15px; }
  h1 { font-size: 1.25rem; }
  .detector { font-size: 1rem; }
  .figures {
    grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 1rem 1.25rem; margin-top: 1.25rem;
    padding: 1rem 0;
  }
  .figures dd { font-size: 1.15rem; }
  section { margin-top: 2.25rem; }
  .charts { grid-template-columns: minmax(0, 1fr); gap: 1.75rem; }
  .lane, .holds .lane { grid-template-columns: minmax(0, 1fr); gap: .1rem; padding: .25rem 0; }
  .holds .lane { grid-template-columns: 4.5rem minmax(0, 1fr); gap: .5rem; padding: 1px 0; }
  .lanes .axis-row .name { display: none; }
  .holds .axis-row .name { display: block; }
  .stack thead { display: none; }
  .stack tr { display: block; padding: .5rem 0; border-bottom: 1px solid var(--line); }
  .stack tbody tr:last-child { border-bottom: 0; }
  .stack td {
    display: grid; grid-template-columns: 6.5rem minmax(0, 1fr); gap: 0 .5rem; padding: .1rem 0;
    border: 0; text-align: left;
  }
  .stack td::before {
    content: attr(data-head); color: var(--soft); font: .8125rem/1.6 system-ui, sans-serif;
  }
  .stack td:not([data-head]) { display: block; }
  .stack td:empty { display: none; }
  .stack .more { grid-column: 2; }
  .evidence { max-width: none; }
  #origin { right: 1rem; left: 1rem; bottom: 1rem; }
}
@media print {
  body { max-width: none; padding: 0; font-size: 10pt; }
  nav, #origin { display: none; }
  section { margin-top: 1.75rem; }
  h2, figcaption, .key, section > p { break-after: avoid; }
  tr, .lane { break-inside: avoid; }
  thead { display: table-header-group; }
  .charts { gap: 1.25rem 1.75rem; }
}
"""
