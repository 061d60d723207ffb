/**
 * The status page's style: for phones, for the dark, and for those who see
 * colours otherwise (what is near its limit also says so in words).
 *
 * @module
 */

export const style = `:root {
  color-scheme: light dark;
  --ink: #1c1c1e; --paper: #fbfaf7; --faint: #5b5b60; --rule: #d8d5cc;
  --line: #1f5fa8; --below: #1f5fa826; --near: #8a5300; --full: #a5182b;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ink: #ecebe6; --paper: #17181a; --faint: #b0afa9; --rule: #3a3b3f;
    --line: #7db4f0; --below: #7db4f033; --near: #f0b45c; --full: #ff8b94;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; max-width: 72rem; padding: 1rem;
  font: 1rem/1.5 system-ui, sans-serif;
  color: var(--ink); background: var(--paper);
}
header { display: flex; flex-wrap: wrap; gap: 1rem; justify-content: space-between; align-items: end; }
h1 { font-size: 1.5rem; margin: 0; }
h2 { font-size: 1.1rem; margin: 1.5rem 0 .5rem; }
label { display: block; font-size: .875rem; color: var(--faint); }
input, button {
  font: inherit; color: inherit; background: var(--paper);
  border: 1px solid var(--faint); border-radius: .3rem; padding: .3rem .6rem;
}
input { width: 16rem; max-width: 65vw; }
a { color: var(--line); }
:focus-visible { outline: 3px solid var(--line); outline-offset: 2px; }
.charts { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fit, minmax(15rem, 1fr)); }
figure { margin: 0; }
svg { display: block; width: 100%; height: 5.5rem; border-bottom: 1px solid var(--rule); }
path.below { fill: var(--below); }
path.line { fill: none; stroke: var(--line); stroke-width: 1.5; vector-effect: non-scaling-stroke; }
figcaption { font-size: .875rem; }
figcaption span, small { color: var(--faint); }
.levels { list-style: none; padding: 0; display: grid; gap: .75rem; grid-template-columns: repeat(auto-fit, minmax(15rem, 1fr)); }
meter { display: block; width: 100%; }
.near b { color: var(--near); }
.full b { color: var(--full); }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .875rem; }
th, td { text-align: left; padding: .3rem .8rem .3rem 0; border-bottom: 1px solid var(--rule); vertical-align: top; }
tbody th { font-weight: 600; }
.short { white-space: nowrap; }
pre { overflow-x: auto; padding: .6rem; border: 1px solid var(--rule); border-radius: .3rem; }
footer { margin-top: 2rem; font-size: .875rem; color: var(--faint); }
@media (prefers-reduced-motion: no-preference) { html { scroll-behavior: smooth; } }
`;

/** A gate in a wall. */
export const icon =
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16">
<path fill="#1f5fa8" d="M1 15V7a7 7 0 0 1 14 0v8h-4V8a3 3 0 0 0-6 0v7z"/></svg>
`;

/** Fetches the page again and takes its facts, unless somebody is reading in them. */
export const renewScript = `"use strict";
const everyMs = 5000;
setInterval(async () => {
  const facts = document.getElementById("facts");
  if (document.hidden || facts.contains(document.activeElement)) return;
  try {
    const reply = await fetch(location.href, { cache: "no-store" });
    if (!reply.ok) return;
    const fresh = new DOMParser().parseFromString(await reply.text(), "text/html");
    facts.replaceWith(document.adoptNode(fresh.getElementById("facts")));
    document.title = fresh.title;
    document.querySelector("footer").replaceWith(fresh.querySelector("footer"));
  } catch {
    // The gate is away; the page stays as it was.
  }
}, everyMs);
`;
