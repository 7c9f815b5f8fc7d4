// The first page: what is shown here, and the tables of all runs.

import { counted, dim, facts, h, link, table } from "./dom.js";
import { load } from "./data.js";
import { scoresChart } from "./charts.js";
import { to } from "./place.js";
import { theIndex } from "./runs.js";

export async function home() {
  const index = await theIndex();
  if (index.runs.length === 1 && index.first) return null;
  return {
    title: "Overview",
    body: [
      h("h1", {}, "Overview"),
      leftOut(index),
      index.runs.length > 0 && [
        h("h2", {}, "Runs"),
        table(["run", "model", "attempts"], index.runs.map((run) => [link(to("run", run.name), run.name), run.model, progress(run)]), { caption: "Runs", isWords: [true, true] }),
        await scoreTables(index.runs.map((run) => run.name)),
      ],
    ],
  };
}

export const leftOut = (index) => index.left_out.map((item) => h("p", { class: "note bad" }, `Left out: ${item.path} ${item.reason}.`));

export const progress = (run) => (run.attempts < run.expected
  ? `${run.attempts} of ${run.expected} have ended`
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
    published(scores.published),
  ];
}

function published({ columns, rows }) {
  return h("details", { class: "tables" },
    h("summary", {}, h("h2", {}, "Published scores")),
    table(["model", ...columns], rows.map(([name, ...cells]) => [`${name} (published)`, ...cells.map((c) => c.toFixed(1))]), { caption: "Published scores", isWords: [true] }),
    h("p", { class: "dim note" }, "Rows of the paper (arXiv 2602.24288): other tasks and other runs, for orientation."));
}

export const runFacts = (run) => facts([...run.facts, ["attempts", run.attempts < run.expected ? h("span", {}, progress(run), dim(`, ${run.expected - run.attempts} missing`)) : progress(run)]]);
