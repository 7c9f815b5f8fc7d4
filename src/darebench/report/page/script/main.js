// The page: finds what a place shows, shows it, and shows it again when its documents have changed.

import { h, link } from "./dom.js";
import { attemptPage } from "./attempt.js";
import { listen } from "./data.js";
import { home } from "./home.js";
import { help, onKey } from "./keys.js";
import { here, to } from "./place.js";
import { runPage } from "./run.js";
import { theIndex } from "./runs.js";

const PAGES = {
  run: (parts) => (parts.length > 2 ? attemptPage(parts) : runPage(parts)),
};

const main = h("main", { id: "main", tabindex: -1 });
const bar = h("nav", { "aria-label": "Pages" });
let page = {};
let shown = 0;

async function found() {
  const [kind, ...parts] = here().parts;
  if (PAGES[kind]) return PAGES[kind](parts);
  const index = await theIndex();
  if (index.runs.length === 1 && !index.more) return runPage([index.runs[0].name]);
  return home();
}

async function show({ again = false } = {}) {
  const number = (shown += 1);
  let next;
  try {
    next = await found();
  } catch (error) {
    next = { title: "Not here", body: [h("h1", {}, "Not here"), h("p", { class: "bad", role: "alert" }, `${error.message}.`), h("p", {}, link("#/", "To the first page"))] };
  }
  if (number !== shown) return;
  const place = scrollY;
  page = next;
  document.title = `${page.title} · darebench`;
  main.replaceChildren(...page.body.flat(Infinity).filter((part) => part !== null && part !== undefined && part !== false));
  for (const item of bar.querySelectorAll("a")) item.removeAttribute("aria-current");
  bar.querySelector(`a[href="${CSS.escape(location.hash)}"]`)?.setAttribute("aria-current", "page");
  if (again) scrollTo({ top: place });
  else {
    scrollTo({ top: 0 });
    if (document.activeElement === document.body || !document.contains(document.activeElement)) main.focus({ preventScroll: true });
  }
  await page.after?.();
}

async function start() {
  const index = await theIndex();
  bar.append(link("#/", h("strong", {}, "darebench")),
    ...index.runs.length > 1 || index.more ? index.runs.slice(0, 6).map((run) => link(to("run", run.name), run.name)) : [],
    h("button", { type: "button", onclick: () => help.showModal() }, "Keys ", h("kbd", {}, "?")));
  document.getElementById("page").replaceChildren(h("a", { class: "skip", href: "#main", onclick: (event) => { event.preventDefault(); main.focus(); } }, "To the content"), h("header", {}, bar), main, help);
  addEventListener("hashchange", () => show());
  document.addEventListener("keydown", (event) => onKey(event, page));
  listen(() => show({ again: true }));
  await show();
}

start();
