// The keyboard, and the dialog that tells of it.

import { h } from "./dom.js";

const KEYS = [
  ["/", "search"], ["j", "next row of a list"], ["k", "row before"], ["Enter", "open the row"],
  ["n", "next attempt or task"], ["p", "attempt or task before"], ["]", "next turn or call"], ["[", "turn or call before"],
  ["u", "up: back to the list"], ["h", "first page"], ["?", "this help"], ["Esc", "close"],
];

export const help = h("dialog", { id: "keys", "aria-label": "Keyboard" },
  h("h2", {}, "Keyboard"),
  h("table", {}, h("tbody", {}, KEYS.map(([key, does]) => h("tr", {}, h("th", { scope: "row" }, h("kbd", {}, key)), h("td", {}, does))))),
  h("form", { method: "dialog" }, h("button", {}, "Close")));

export function onKey(event, page) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const typing = event.target.closest?.("input, select, textarea");
  if (typing) {
    if (event.key === "Escape") event.target.blur();
    return;
  }
  const acts = {
    "/": () => document.querySelector("[data-search]")?.focus(),
    j: () => page.list?.step(1),
    k: () => page.list?.step(-1),
    n: () => go(page.next),
    p: () => go(page.before),
    "]": () => step(1),
    "[": () => step(-1),
    u: () => go(page.up ?? "#/"),
    h: () => go("#/"),
    "?": () => (help.open ? help.close() : help.showModal()),
  };
  const act = acts[event.key];
  if (!act || (help.open && event.key !== "?")) return;
  event.preventDefault();
  act();
}

function go(place) {
  if (place) location.hash = place;
}

function step(by) {
  const places = [...document.querySelectorAll("section.turn > h3, section.call > h4")];
  const edge = 90;
  const tops = places.map((place) => place.getBoundingClientRect().top);
  const wanted = by > 0 ? tops.findIndex((top) => top > edge) : tops.findLastIndex((top) => top < edge - 20);
  places[wanted]?.scrollIntoView({ block: "start" });
}
