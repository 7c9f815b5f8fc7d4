// The first page: what is shown here, and the tables of all runs.

import { counted, dim, facts, h, later, link, table } from "./dom.js";
import { load } from "./data.js";
import { scoresChart } from "./charts.js";
import { to } from "./place.js";
import { theIndex } from "./runs.js";

export async function home(again) {
  const index = await theIndex();
  const section = (kind, title, columns, row) => index[kind].length > 0 && [h("h2", {}, title), table(columns, index[kind].map(row), { caption: title, isWords: columns.map(() => true) })];
  const scores = index.runs.length > 0 && scoreTables(index.runs.map((run) => run.name));
  return {
    title: "Overview",
    body: [
      h("h1", {}, "Overview"),
      leftOut(index),
      section("runs", "Runs", ["run", "model", "attempts"], (run) => [link(to("run", run.name), run.name), run.model, progress(run)]),
      index.runs.length > 1 && h("p", {}, link(to("compare"), "Compare them"), ": pairs, a ranking, and tasks by runs"),
      section("stores", "Stores", ["store", "tasks", "folder"], (store) => [link(to("store", store.name), store.name), counted(store.n_tasks, "task"), store.root]),
      section("curations", "Curations", ["curation", "folder"], (curation) => [link(to("curation", curation.name), curation.name), curation.folder]),
      section("audits", "Audits", ["audit", "file"], (audit) => [link(to("audit", audit.name), audit.name), audit.file ?? audit.store ?? ""]),
      section("trainings", "Trainings", ["training", "folder"], (training) => [link(to("training", training.name), training.name), training.folder ?? ""]),
      index.trainings.length > 1 && h("p", {}, link(to("training"), "All curves together")),
      index.runs.length > 0 && (again ? await scores : later(scores)),
      KINDS.every((kind) => index[kind].length === 0) && h("p", {}, "There is nothing to show yet; runs, stores, curations, audits and trainings appear here when they are made."),
    ],
  };
}

export const KINDS = ["runs", "stores", "curations", "audits", "trainings"];

export const leftOut = (index) => index.left_out.map((item) => h("p", { class: "note bad" }, `Left out: ${item.path} ${item.reason}.`));

export const progress = (run) => (run.attempts < run.expected
  ? `${run.attempts.toLocaleString("en")} of ${run.expected.toLocaleString("en")} have ended`
  : counted(run.attempts, "attempt"));

export async function scoreTables(names) {
  const scores = await load("scores");
  const rows = names.flatMap((run) => (scores.tracks[run] ?? []).filter((t) => t.mean !== null).map((t) => ({ ...t, run, track: t.name })));
  return [
    rows.length > 0 && scoresChart("Mean score by track", rows, "Lines are 95 % intervals."),
    scores.tables.map((found, k) => h("details", { class: "tables", open: k === 0 },
      h("summary", {}, h("h2", {}, found.title)),
      table(found.columns, found.rows, { caption: found.title, isWords: found.are_words }),
      found.note.split("\n").map((line) => h("p", { class: "dim note" }, line)))),
  ];
}

export const runFacts = (run) => facts([...run.facts, ["attempts", run.attempts < run.expected ? h("span", {}, progress(run), dim(`, ${(run.expected - run.attempts).toLocaleString("en")} missing`)) : progress(run)]]);
