// Runs beside each other: what flipped, what differs and by how much, and both transcripts of a task.

import { attemptBody } from "./attempt.js";
import { chart, named, shortened } from "./charts.js";
import { load } from "./data.js";
import { chosen, counted, dim, h, link, percent, signed, table, typed, afterPause } from "./dom.js";
import { RowList } from "./list.js";
import { here, keep, to } from "./place.js";
import { attemptAt, runNamed, theIndex } from "./runs.js";

export async function comparisons(parts) {
  if (parts.length >= 3) return sideBySide(parts);
  return parts.length === 2 ? pairPage(parts) : matrixPage();
}

const placeOfRun = (index, name) => {
  const number = index.runs.findIndex((run) => run.name === name);
  if (number < 0) throw new Error(`there is no run ${name} here`);
  return number;
};

async function pairPage([first, second]) {
  const index = await theIndex();
  const places = [placeOfRun(index, first), placeOfRun(index, second)].sort((a, b) => a - b);
  const [a, b] = places.map((place) => index.runs[place]);
  if (a === b) throw new Error(`${first} is one run`);
  const found = await load(`compare/${places.join("-")}`);
  const title = `${a.name} and ${b.name}`;
  const head = [h("p", { class: "way" }, link(to("compare"), "all runs")), h("h1", {}, title)];
  if (found.problem) return { title, up: to("compare"), body: [head, h("p", { class: "note warn" }, found.problem)] };
  const list = new RowList("Tasks", (task) => pairedRow(a.name, b.name, task));
  const query = here().query;
  const status = h("p", { role: "status", class: "dim" });
  const apply = () => {
    const tasks = found.tasks.filter((task) => (!query.q || task.id.toLowerCase().includes(query.q.toLowerCase())) && (!query.track || task.track === query.track) && shows(task, query.only ?? ""));
    list.show(tasks);
    status.textContent = `${tasks.length.toLocaleString("en")} of ${counted(found.tasks.length, "task")} that both have scored`;
  };
  const later = afterPause(apply);
  const set = (field) => (value) => { query[field] = value; keep(query); later(); };
  const tracks = [["", "all"], ...Object.keys(found.columns).filter((name) => name !== "all").map((name) => [name, name])];
  return {
    title, list, up: to("compare"), after: apply,
    body: [
      head,
      h("p", {}, h("strong", {}, "a"), " is ", link(to("run", a.name), a.name), ", ", h("strong", {}, "b"), " is ", link(to("run", b.name), b.name), ". A difference is a minus b."),
      found.warnings.map((text) => h("p", { class: "note warn", role: "note" }, h("strong", {}, "Not alike: "), text)),
      differencesChart(found.columns),
      table(["track", "a", "b", "difference [95 % interval]", "p", "tasks", "sources", "a better", "even", "b better"],
        Object.entries(found.columns).map(([name, c]) => [name, percent(c.a), percent(c.b), difference(c), pValue(c.p_value), c.n_tasks, c.n_clusters, c.wins, c.ties, c.losses]), { caption: "Paired differences by track", isWords: [true] }),
      h("p", { class: "dim note" }, "Repeats of a task are averaged first. Intervals: t with clusters − 1 degrees of freedom, where a cluster is a source dataset."),
      notes(found.columns).map(([note, names]) => h("p", { class: "dim note" }, `${names.join(", ")}: ${note}.`)),
      settingsTable(a, b),
      onlyOne(a, found.only_a), onlyOne(b, found.only_b),
      h("h2", {}, "Tasks"),
      h("form", { class: "filters", role: "search", onsubmit: (event) => event.preventDefault() },
        typed("Task", query.q ?? "", set("q"), { "data-search": true }),
        chosen("Track", tracks, query.track ?? "", set("track")),
        chosen("Only", ONLY, query.only ?? "", set("only"))),
      status,
      list.element,
    ],
  };
}

// Each note once, with the tracks that it is about.
const notes = (columns) => [...Map.groupBy(Object.keys(columns).filter((name) => columns[name].note), (name) => columns[name].note)];

const ONLY = [["", "all, flipped first"], ["flipped", "flipped"], ["a", "a better"], ["b", "b better"], ["different", "different scores"]];
const shows = (task, only) => !only || (only === "flipped" ? task.flipped : only === "a" ? task.difference > 0 : only === "b" ? task.difference < 0 : task.difference !== 0);

function pairedRow(a, b, task) {
  return h("a", { class: "paired", href: to("compare", a, b, task.id, 1) },
    h("span", { class: "score" }, percent(task.a)), h("span", { class: "score" }, percent(task.b)), h("span", { class: "score" }, signed(task.difference)),
    h("span", { class: "task" }, task.id), h("span", { class: "track" }, task.track), h("span", { class: "why" }, task.flipped ? `flipped to ${task.difference > 0 ? "a" : "b"}` : ""));
}

const difference = (c) => `${signed(c.difference)}${c.interval ? ` [${signed(c.interval[0])}, ${signed(c.interval[1])}]` : ", no interval"}`;
const pValue = (p) => (p === null || p === undefined ? "–" : p < 0.001 ? "< 0.001" : p.toFixed(3));

function differencesChart(columns) {
  const rows = Object.entries(columns).map(([track, c]) => ({ track, difference: 100 * c.difference, low: c.interval && 100 * c.interval[0], high: c.interval && 100 * c.interval[1], c }));
  const known = rows.filter((row) => row.low !== null && row.low !== undefined);
  return chart("Difference by track", 60 + 30 * rows.length, () => ({
    marginLeft: 75, marginRight: 20, marginBottom: 36,
    x: { label: "a minus b, percentage points", grid: true, nice: true }, y: { label: null, domain: rows.map((row) => row.track) },
    marks: [
      Plot.ruleX([0], { stroke: "var(--edge)", strokeDasharray: "4 3" }),
      Plot.ruleY(known, { x1: "low", x2: "high", y: "track", stroke: "var(--fg)", strokeWidth: 1.5 }),
      ...["low", "high"].map((end) => Plot.tickX(known, { x: end, y: "track", stroke: "var(--fg)", insetTop: 8, insetBottom: 8 })),
      Plot.dot(rows, { x: "difference", y: "track", r: 5, fill: "var(--link)" }),
      Plot.tip(rows, Plot.pointerY({ x: "difference", y: "track", title: (row) => `${row.track}: ${difference(row.c)}`, maxRadius: 60 })),
    ],
  }), "Lines are 95 % intervals; right of the dashed line a is better.");
}

function settingsTable(a, b) {
  const names = [...new Set([...Object.keys(a.settings), ...Object.keys(b.settings)])].sort();
  const text = (value) => (value === undefined ? "–" : typeof value === "object" ? JSON.stringify(value) : String(value));
  const rows = names.map((name) => [name, text(a.settings[name]), text(b.settings[name])]).filter(([, one, other]) => one !== other);
  return [h("h2", {}, "Settings that differ"), rows.length ? table(["setting", "a", "b"], rows, { caption: "Settings that differ", isWords: [true, true, true] }) : h("p", { class: "dim" }, "None.")];
}

const onlyOne = (run, tasks) => tasks.length > 0 && h("details", {}, h("summary", {}, `${counted(tasks.length, "task")} that only ${run.name} has scored, left out`), h("p", {}, tasks.join(", ")));

async function sideBySide([first, second, task, epoch = "1"]) {
  const runs = [await runNamed(first), await runNamed(second)];
  const repeats = [...new Set(runs.flatMap((run) => run.rows.filter((row) => row.task === task).map((row) => row.epoch)))].sort((x, y) => x - y);
  const halves = await Promise.all(runs.map(async (run, k) => {
    const row = run.rows.find((other) => other.task === task && other.epoch === Number(epoch));
    return h("section", { class: "half", "aria-label": run.name },
      h("h2", {}, `${"ab"[k]}: `, row ? link(to("run", run.name, task, epoch), run.name) : run.name),
      row ? attemptBody(await attemptAt(run, row), "ab"[k]) : h("p", {}, "This run has no such attempt."));
  }));
  return {
    title: `${task}: ${first} and ${second}`, up: to("compare", first, second), broad: true,
    body: [
      h("p", { class: "way" }, link(to("compare", first, second), `${first} and ${second}`)),
      h("h1", {}, task),
      repeats.length > 1 && h("p", {}, "Attempt ", repeats.map((n) => [n === Number(epoch) ? h("strong", {}, n) : link(to("compare", first, second, task, n), n), " "])),
      h("div", { class: "halves" }, halves),
    ],
  };
}

async function matrixPage() {
  const index = await theIndex();
  const runs = await Promise.all(index.runs.map((run) => runNamed(run.name)));
  const tasks = new Map();
  runs.forEach((run, k) => {
    for (const row of run.rows) {
      if (!tasks.has(row.task)) tasks.set(row.task, { id: row.task, track: row.track, scores: runs.map(() => []) });
      tasks.get(row.task).scores[k].push(row.score);
    }
  });
  const all = [...tasks.values()].map((task) => {
    const means = task.scores.map((scores) => mean(scores.filter((s) => s !== null)));
    const known = means.filter((m) => m !== null);
    return { ...task, means, spread: known.length > 1 ? Math.max(...known) - Math.min(...known) : 0 };
  });
  const list = new RowList("Tasks", (task) => matrixRow(runs, task));
  const query = here().query;
  const status = h("p", { role: "status", class: "dim" });
  const apply = () => {
    const shown = all.filter((task) => (!query.q || task.id.toLowerCase().includes(query.q.toLowerCase())) && (!query.track || task.track === query.track));
    if ((query.order ?? "spread") === "spread") shown.sort((x, y) => y.spread - x.spread);
    list.show(shown);
    status.textContent = `${shown.length.toLocaleString("en")} of ${counted(all.length, "task")}; a score is the mean over attempts, – is unscored, an empty cell was not made`;
  };
  const later = afterPause(apply);
  const set = (field) => (value) => { query[field] = value; keep(query); later(); };
  const tracks = [["", "all"], ...[...new Set(all.map((task) => task.track))].sort().map((name) => [name, name])];
  return {
    title: "Compare", list, after: apply, broad: runs.length > 4,
    body: [
      h("h1", {}, "Compare"),
      index.compared && (runs.length > 2 ? await ranking(runs) : null),
      index.compared ? [h("h2", {}, "Pairs"), pairs(runs)] : h("p", { class: "note" }, "This page holds too many runs to hold their comparisons; darebench compare, or darebench view, makes them."),
      h("h2", {}, "Tasks by runs"),
      h("form", { class: "filters", role: "search", onsubmit: (event) => event.preventDefault() },
        typed("Task", query.q ?? "", set("q"), { "data-search": true }),
        chosen("Track", tracks, query.track ?? "", set("track")),
        chosen("Order", [["spread", "largest differences first"], ["store", "the store's order"]], query.order ?? "spread", set("order"))),
      status,
      styled(h("div", { class: "matrix", tabindex: 0, role: "region", "aria-label": "Tasks by runs" },
        h("p", { class: "columns", "aria-hidden": "true" }, h("span", {}, "task"), runs.map((run) => h("span", {}, run.name))),
        list.element), "--runs", runs.length),
    ],
  };
}

function styled(element, name, value) {
  element.style.setProperty(name, value);
  return element;
}

const mean = (values) => (values.length ? values.reduce((x, y) => x + y, 0) / values.length : null);

function matrixRow(runs, task) {
  const [one, other] = extremes(task.means);
  return h("div", { class: "cells" },
    runs.length > 1 && one !== other ? link(to("compare", runs[Math.min(one, other)].name, runs[Math.max(one, other)].name, task.id, 1), task.id) : link(to("run", runs[one].name, task.id, 1), task.id),
    runs.map((run, k) => {
      const scores = task.scores[k];
      const text = scores.length === 0 ? "" : task.means[k] === null ? "–" : (100 * task.means[k]).toFixed(1);
      const cell = scores.length ? h("a", { class: "cell", href: to("run", run.name, task.id, 1), title: `${run.name}: ${text || "not made"}` }, text) : h("span", { class: "cell" });
      return styled(cell, "--share", `${Math.round(60 * (task.means[k] ?? 0))}%`);
    }));
}

function extremes(means) {
  const known = means.map((m, k) => [m, k]).filter(([m]) => m !== null).sort((x, y) => x[0] - y[0]);
  return known.length ? [known[0][1], known.at(-1)[1]] : [0, 0];
}

function pairs(runs) {
  return table(["a \\ b", ...runs.slice(1).map((run) => run.name)],
    runs.slice(0, -1).map((run, k) => [run.name, ...runs.slice(1).map((other, j) => (j >= k ? link(to("compare", run.name, other.name), "compare") : ""))]), { caption: "Pairs of runs", isWords: [true] });
}

async function ranking(runs) {
  const found = await load("ranking");
  if (found.problem) return h("p", { class: "note warn" }, found.problem);
  const letters = (name) => found.not_told_apart.map((group, k) => (group.includes(name) ? String.fromCharCode(97 + (k % 26)) : "")).filter(Boolean).join(" ") || "–";
  return [
    found.warnings.map((text) => h("p", { class: "note warn" }, h("strong", {}, "Not alike: "), text)),
    rankChart(found),
    table(["run", "mean score", "mean rank", "not told apart"], found.ranking.map((row) => [link(to("run", row.name), row.name), percent(row.mean), row.mean_rank.toFixed(2), letters(row.name)]), { caption: "Ranking", isWords: [true] }),
    h("p", { class: "dim note" }, `On the ${counted(found.tasks.length, "task")} that all ${runs.length} runs have scored. Ranks are means over source datasets, 1 is the best. Runs that share a letter are not told apart: no pair of them has a p-value of 0.05 or less after Holm's adjustment.`),
    h("details", { class: "tables" }, h("summary", {}, h("h2", {}, "Every pair")),
      table(["first", "second", "difference [95 % interval]", "p, adjusted", "first better", "even", "second better"], found.pairs.map((p) => [p.a, p.b, difference(p), pValue(p.p_adjusted), p.wins, p.ties, p.losses]), { caption: "Every pair", isWords: [true, true] })),
  ];
}

// Mean ranks on one axis, with a bar under each group of runs that no test tells apart.
function rankChart(found) {
  const rows = found.ranking.toSorted((x, y) => x.mean_rank - y.mean_rank);
  const rank = new Map(rows.map((row) => [row.name, row.mean_rank]));
  const groups = found.not_told_apart.map((names, k) => ({ x1: Math.min(...names.map((n) => rank.get(n))), x2: Math.max(...names.map((n) => rank.get(n))), y: `group ${String.fromCharCode(97 + (k % 26))}` }));
  return chart("Mean rank", 60 + 24 * (rows.length + groups.length), (room) => ({
    ...named([...rows.map((row) => row.name), "group a"], room), marginRight: 30, marginBottom: 36,
    x: { domain: [1, Math.max(2, rows.length)], label: "mean rank, 1 is the best", grid: true, ticks: rows.length },
    y: { label: null, domain: [...rows.map((row) => row.name), ...groups.map((g) => g.y)], tickFormat: (name) => shortened(name, room) },
    marks: [
      Plot.dot(rows, { x: "mean_rank", y: "name", r: 5, fill: "var(--link)" }),
      Plot.link(groups, { x1: "x1", x2: "x2", y1: "y", y2: "y", stroke: "var(--fg)", strokeWidth: 4 }),
      Plot.tip(rows, Plot.pointerY({ x: "mean_rank", y: "name", title: (row) => `${row.name}: rank ${row.mean_rank.toFixed(2)}, ${percent(row.mean)}`, maxRadius: 60 })),
    ],
  }), found.not_told_apart.length ? "Thick lines join runs that are not told apart." : "");
}
