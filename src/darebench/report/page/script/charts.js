// Charts, drawn by Observable Plot once they come into sight, with their numbers under the pointer.

import { h } from "./dom.js";
import { library } from "./data.js";

const drawn = new WeakMap();
const seen = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) if (isIntersecting) drawn.get(target)?.();
}, { rootMargin: "200px" });

export function chart(title, height, options, note) {
  const place = h("div", { class: "chart" });
  place.style.minHeight = `${height}px`;
  let width = 0;
  const draw = async () => {
    await library("charts");
    const room = Math.floor(place.clientWidth);
    if (!room || room === width) return;
    width = room;
    const svg = Plot.plot({ width: room, height, style: { background: "transparent", color: "var(--fg)", fontSize: "12px" }, ...options(room) });
    svg.setAttribute("role", "img");
    svg.setAttribute("aria-label", note ? `${title}. ${note}` : title);
    for (const part of svg.querySelectorAll("[aria-label]")) part.removeAttribute("aria-label"); // of a group without a role
    place.replaceChildren(svg);
  };
  drawn.set(place, draw);
  seen.observe(place);
  new ResizeObserver(() => { if (width) draw(); }).observe(place);
  return h("figure", {}, h("figcaption", {}, title, note && h("span", { class: "dim" }, ` ${note}`)), place);
}

// Names beside an axis take a third of the room at most, and lose their middle if they are longer.
const lettersIn = (room) => Math.max(6, Math.floor((room / 3 - 20) / 7));
export const named = (names, room) => ({ marginLeft: 20 + 7 * Math.min(lettersIn(room), Math.max(...names.map((name) => name.length))) });
export function shortened(name, room) {
  const most = lettersIn(room), half = (most - 1) / 2;
  return name.length <= most ? name : `${name.slice(0, Math.ceil(half))}…${name.slice(-Math.floor(half))}`;
}

// Means in percent with their 95 % intervals: a bar, a line with ends, and the numbers in words.
export function scoresChart(title, rows, note) {
  const runs = [...new Set(rows.map((row) => row.run))];
  const tracks = [...new Set(rows.map((row) => row.track))];
  const several = runs.length > 1;
  const own = several ? { y: "run", fy: "track" } : { y: "track" };
  const step = 22;
  const height = 50 + (several ? tracks.length * (runs.length * step + 10) : tracks.length * 30);
  return chart(title, height, (room) => ({
    ...named(several ? runs : tracks, room), marginRight: several ? 70 : 20, marginBottom: 36,
    x: { domain: [0, 100], label: "mean score, percent", grid: true },
    y: { label: null, domain: several ? runs : tracks, tickFormat: (name) => shortened(name, room) },
    fy: { label: null, domain: several ? tracks : undefined },
    marks: [
      Plot.barX(rows, { x: "mean", ...own, fill: "var(--bar)", insetTop: 3, insetBottom: 3 }),
      Plot.ruleY(rows.filter((r) => r.low !== null), { x1: "low", x2: "high", ...own, stroke: "var(--fg)", strokeWidth: 1.5 }),
      ...["low", "high"].map((end) => Plot.tickX(rows.filter((r) => r.low !== null), { x: end, ...own, stroke: "var(--fg)", strokeWidth: 1.5, insetTop: 7, insetBottom: 7 })),
      Plot.ruleX([0]),
      Plot.tip(rows, Plot.pointerY({ x: "mean", ...own, title: (r) => `${r.run}\n${r.track}: ${r.text} %\n${r.tasks} tasks`, maxRadius: 60 })),
    ],
  }), note);
}
