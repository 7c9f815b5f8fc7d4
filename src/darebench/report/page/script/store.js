// A store: its tasks, with a search in their questions, and each task as an agent sees it.

import { codeBlock } from "./code.js";
import { load } from "./data.js";
import { afterPause, chosen, counted, dim, facts, h, link, percent, table, typed } from "./dom.js";
import { RowList } from "./list.js";
import { here, keep, to } from "./place.js";
import { runNamed, theIndex } from "./runs.js";

let listedTasks = { store: null, places: [] };

async function storeNamed(name) {
  const index = await theIndex();
  const number = index.stores.findIndex((store) => store.name === name);
  if (number < 0) throw new Error(`there is no store ${name} here`);
  return { ...index.stores[number], number, ...await load(`store/${number}`) };
}

export async function stores([name, task]) {
  const store = await storeNamed(name);
  return task ? taskPage(store, task) : storePage(store);
}

async function storePage(store) {
  const query = here().query;
  const list = new RowList("Tasks", (place) => storedRow(store, place));
  const status = h("p", { role: "status", class: "dim" });
  const apply = async () => {
    const words = (query.q ?? "").toLowerCase().split(/\s+/).filter(Boolean);
    const text = (query.text ?? "").toLowerCase();
    const questions = text ? await load(`store/${store.number}/questions`) : null;
    const places = store.tasks.map((_, place) => place).filter((place) => {
      const task = store.tasks[place];
      const name = `${task.id} ${task.targets.join(" ")} ${task.source} ${task.licence ?? ""}`.toLowerCase();
      return words.every((word) => name.includes(word)) && (!query.track || task.track === query.track) && (!query.domain || task.domain === query.domain) && (!text || questions[place].toLowerCase().includes(text));
    });
    listedTasks = { store: store.name, places };
    list.show(places);
    status.textContent = `${places.length.toLocaleString("en")} of ${counted(store.tasks.length, "task")}`;
  };
  const later = afterPause(apply);
  const set = (field) => (value) => { query[field] = value; keep(query); later(); };
  const values = (field) => [["", "all"], ...[...new Set(store.tasks.map((task) => task[field]))].filter(Boolean).sort().map((v) => [v, v])];
  return {
    title: store.name, list, after: apply,
    body: [
      h("h1", {}, store.name),
      facts([["folder", store.root], ["hash", store.hash], ["tasks", store.tasks.length.toLocaleString("en")]]),
      store.problems.length > 0 && h("details", { class: "note warn" }, h("summary", {}, `${counted(store.problems.length, "dataset")} cannot be used`), h("ul", {}, store.problems.map(([dataset, message]) => h("li", {}, `${dataset}: ${message}`)))),
      h("form", { class: "filters", role: "search", onsubmit: (event) => event.preventDefault() },
        typed("Task, target, source or licence", query.q ?? "", set("q"), { "data-search": true }),
        typed("Text in questions", query.text ?? "", set("text")),
        chosen("Track", values("track"), query.track ?? "", set("track")),
        chosen("Domain", values("domain"), query.domain ?? "", set("domain"))),
      status,
      list.element,
    ],
  };
}

function storedRow(store, place) {
  const task = store.tasks[place];
  return h("a", { class: "stored", href: to("store", store.name, task.id) },
    h("span", { class: "task" }, task.id), h("span", { class: "track" }, task.track), h("span", { class: "why" }, task.targets.join(", ")), h("span", { class: "effort" }, task.domain ?? ""));
}

async function taskPage(store, id) {
  const place = store.tasks.findIndex((task) => task.id === id);
  if (place < 0) throw new Error(`${store.name} has no task ${id}`);
  const task = store.tasks[place];
  const places = listedTasks.store === store.name ? listedTasks.places : store.tasks.map((_, k) => k);
  const at = places.indexOf(place);
  const other = (by) => (places[at + by] === undefined || at < 0 ? null : to("store", store.name, store.tasks[places[at + by]].id));
  const attempts = h("div", {}); // filled when the runs are read, which a click need not wait for
  return {
    title: id, after: async () => attempts.replaceChildren(...await attemptsAt(id)), up: to("store", store.name), next: other(1), before: other(-1),
    body: [
      h("p", { class: "way" }, link(to("store", store.name), store.name), at >= 0 && dim(` ${at + 1} of ${places.length} `), other(-1) && link(other(-1), "previous"), " ", other(1) && link(other(1), "next")),
      h("h1", {}, id),
      facts([["track", task.track], ["targets", task.targets.join(", ")], ["source", task.source], ["domain", task.domain], ["licence", task.licence]]),
      taskBody(await load(`store/${store.number}/${place}`)),
      attempts,
    ],
  };
}

export function taskBody({ question, metadata, files }) {
  return [
    h("section", { class: "message", "aria-label": "Question" }, h("h2", {}, "Question"), h("div", { class: "text" }, question)),
    files.map((file) => [h("h3", { class: "file" }, file.name, " ", dim(file.size)), file.columns.length > 0 && table(file.columns, file.rows, { caption: `First rows of ${file.name}` })]),
    metadata && h("details", {}, h("summary", {}, "metadata.txt"), codeBlock(metadata, { label: "metadata.txt" })),
  ];
}

async function attemptsAt(id) {
  const index = await theIndex();
  const rows = [];
  for (const { name } of index.runs) rows.push(...(await runNamed(name)).rows.filter((row) => row.task === id));
  if (rows.length === 0) return [];
  return [h("h2", {}, "Attempts"), table(["run", "attempt", "score", "failure"], rows.map((row) => [link(to("run", row.run, id, row.epoch), row.run), row.epoch, row.score === null ? "unscored" : percent(row.score), row.failure ?? ""]), { caption: "Attempts at this task", isWords: [true, false, false, true] })];
}
