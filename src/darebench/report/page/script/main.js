// The page: finds what a place shows, shows it, and shows it again when its documents have changed.

import { h, link } from "./dom.js";
import { attemptPage } from "./attempt.js";
import { audits } from "./audit.js";
import { comparisons } from "./compare.js";
import { curations } from "./curation.js";
import { listen } from "./data.js";
import { home, KINDS } from "./home.js";
import { help, onKey } from "./keys.js";
import { address, here, to } from "./place.js";
import { runPage } from "./run.js";
import { theIndex } from "./runs.js";
import { stores } from "./store.js";
import { trainings } from "./training.js";

const PAGES = {
  run: (parts, again) => (parts.length > 2 ? attemptPage(parts) : runPage(parts, again)),
  compare: comparisons, store: stores, curation: curations, audit: audits, training: trainings,
};

const SLOW_MS = 400; // after which a page that is not there yet says so
const main = h("main", { id: "main", tabindex: -1 });
const bar = h("nav", { "aria-label": "Pages" });
let page = {};
let shown = 0;

async function found(again) {
  const [kind, ...parts] = here().parts;
  if (PAGES[kind]) return PAGES[kind](parts, again);
  const index = await theIndex();
  const only = alone(index);
  if (only === "trainings" && index.trainings.length > 0) return trainings([]);
  return only && index[only].length === 1 ? PAGES[only.slice(0, -1)]([index[only][0].name], again) : home(again);
}

// The one kind of thing that is here, if there is one only.
function alone(index) {
  const there = KINDS.filter((kind) => index[kind].length > 0);
  return there.length === 1 ? there[0] : null;
}

async function show({ again = false } = {}) {
  const number = (shown += 1);
  const waiting = again ? 0 : setTimeout(() => main.replaceChildren(h("p", { role: "status" }, "Reading …")), SLOW_MS);
  let next;
  try {
    next = await found(again);
  } catch (error) {
    next = { title: "Not here", body: [h("h1", {}, "Not here"), h("p", { class: "bad", role: "alert" }, `${error.message}.`), h("p", {}, link("#/", "To the first page"))] };
  }
  clearTimeout(waiting);
  if (number !== shown) return;
  const place = scrollY;
  page = next;
  document.title = `${page.title} · darebench`;
  main.classList.toggle("broad", Boolean(page.broad));
  main.replaceChildren(...page.body.flat(Infinity).filter((part) => part !== null && part !== undefined && part !== false));
  for (const item of bar.querySelectorAll("a")) item.removeAttribute("aria-current");
  bar.querySelector(`a[href="${CSS.escape(address())}"]`)?.setAttribute("aria-current", "page");
  if (again) scrollTo({ top: place });
  else {
    scrollTo({ top: 0 });
    if (document.activeElement === document.body || !document.contains(document.activeElement)) main.focus({ preventScroll: true });
  }
  await page.after?.();
}

function navigation(index) {
  const only = alone(index);
  const named = KINDS.flatMap((kind) => index[kind].map((item) => link(to(kind.slice(0, -1), item.name), kind === "runs" ? item.name : `${kind.slice(0, -1)} ${item.name}`)));
  const links = only && named.length === 1 ? [] : named.slice(0, 6);
  if (index.runs.length > 1) links.unshift(link(to("compare"), "Compare"));
  return [link("#/", h("strong", {}, "darebench")), ...links, h("button", { type: "button", onclick: () => help.showModal() }, "Keys ", h("kbd", {}, "?"))];
}

// In a frame without an address of its own, the browser takes links for those of the page around it.
function stay(event) {
  const target = event.target.closest?.("a[href]");
  if (!target || event.defaultPrevented) return;
  event.preventDefault();
  location.hash = target.getAttribute("href");
}

async function start() {
  bar.replaceChildren(...navigation(await theIndex()));
  const skip = h("a", { class: "skip", href: "#main", onclick: (event) => { event.preventDefault(); main.focus(); } }, "To the content");
  document.getElementById("page").replaceChildren(skip, h("header", {}, bar), main, help);
  addEventListener("hashchange", () => show());
  if (location.protocol === "about:") document.addEventListener("click", stay);
  document.addEventListener("keydown", (event) => onKey(event, page));
  listen(async () => {
    bar.replaceChildren(...navigation(await theIndex()));
    await show({ again: true });
  });
  await show();
}

start();
