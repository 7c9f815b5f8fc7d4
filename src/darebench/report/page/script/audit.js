// An audit: what is wrong with the tasks of a store, and what the store is like as a whole.

import { chart } from "./charts.js";
import { load } from "./data.js";
import { afterPause, chosen, counted, dim, facts, h, table, typed } from "./dom.js";
import { here, keep } from "./place.js";
import { theIndex } from "./runs.js";
import { taskBody } from "./store.js";

const SEVERITIES = ["defect", "warning", "note"];
const MOST_TASKS = 200;

export async function audits([name]) {
  const index = await theIndex();
  const number = index.audits.findIndex((audit) => audit.name === name);
  if (number < 0) throw new Error(`there is no audit ${name} here`);
  const about = index.audits[number];
  const audit = await load(`audit/${number}`);
  const clean = audit.tasks.filter((task) => !task.findings.some((f) => f.severity !== "note")).length;
  const query = here().query;
  const results = h("div", {});
  const status = h("p", { role: "status", class: "dim" });
  const apply = () => showTasks(audit.tasks, query, results, status);
  const later = afterPause(apply);
  const set = (field) => (value) => { query[field] = value; keep(query); later(); };
  const checks = countChecks(audit.tasks);
  return {
    title: `Audit of ${name}`, after: apply,
    body: [
      h("h1", {}, `Audit of ${name}`),
      h("p", { class: "dim" }, about.store && `${about.store}, `, about.hash && `hash ${about.hash}; `, `${counted(audit.tasks.length, "task")}, ${clean.toLocaleString("en")} of them without a defect or a warning.`),
      facts(audit.facts ?? []),
      h("div", { class: "pair" }, storeCharts(audit.store)),
      h("h2", {}, "By check"),
      checks.length ? table(["check", ...SEVERITIES.map((s) => `${s}s`), "for example"], checks.map((c) => [c.check, ...SEVERITIES.map((s) => c.counts[s] ?? ""), c.example]), { caption: "By check", isWords: [true, false, false, false, true] }) : h("p", {}, "No check has anything to say."),
      audit.samples?.length > 0 && [h("h2", {}, `${counted(audit.samples.length, "task")} for reading`), h("p", { class: "dim" }, `Drawn at random with seed ${audit.seed}, as an agent sees them; no true value is shown.`), audit.samples.map((sample, k) => h("details", { class: "message", open: k === 0 }, h("summary", {}, sample.id), taskBody(sample)))],
      h("h2", {}, "By task"),
      h("form", { class: "filters", role: "search", onsubmit: (event) => event.preventDefault() },
        typed("Task", query.q ?? "", set("q"), { "data-search": true }),
        chosen("Check", [["", "all"], ...checks.map((c) => [c.check, c.check])], query.check ?? "", set("check")),
        chosen("At least", [["", "nothing"], ...SEVERITIES.map((s) => [s, s])], query.least ?? "", set("least"))),
      status, results,
    ],
  };
}

function countChecks(tasks) {
  const found = new Map();
  for (const task of tasks) {
    for (const key of new Set(task.findings.map((f) => `${f.check} ${f.severity}`))) {
      const [check, severity] = key.split(" ");
      const entry = found.get(check) ?? { check, counts: {}, example: "", worst: 9 };
      entry.counts[severity] = (entry.counts[severity] ?? 0) + 1;
      if (SEVERITIES.indexOf(severity) < entry.worst) Object.assign(entry, { worst: SEVERITIES.indexOf(severity), example: task.id });
      found.set(check, entry);
    }
  }
  const order = (c) => SEVERITIES.map((s) => c.counts[s] ?? 0);
  return [...found.values()].sort((a, b) => SEVERITIES.reduce((sum, _, k) => sum || order(b)[k] - order(a)[k], 0) || a.check.localeCompare(b.check));
}

function showTasks(tasks, query, results, status) {
  const least = SEVERITIES.indexOf(query.least ?? "");
  const found = tasks.filter((task) => (!query.q || task.id.toLowerCase().includes(query.q.toLowerCase()))
    && (!query.check || task.findings.some((f) => f.check === query.check))
    && (least < 0 || task.findings.some((f) => SEVERITIES.indexOf(f.severity) <= least)));
  const shown = found.slice(0, MOST_TASKS);
  const digits = (value) => (value === null || value === undefined ? "" : value.toFixed(3));
  results.replaceChildren(table(["task", "floor", "reference", "band", "findings"], shown.map((task) => [
    [task.id, (task.targets ?? []).map((t) => dim(` ${t.target}: ${t.verdict} (${t.reason})`))], digits(task.floor), digits(task.reference), task.band ?? "",
    h("ul", { class: "findings" }, task.findings.map((f) => h("li", {}, h("strong", { class: f.severity === "defect" ? "bad" : "" }, `${f.severity}, ${f.check}`), `: ${f.message}`))),
  ]), { caption: "By task", isWords: [true, false, false, true, true] }));
  status.textContent = `${found.length.toLocaleString("en")} of ${counted(tasks.length, "task")}${found.length > MOST_TASKS ? `, the first ${MOST_TASKS} shown` : ""}`;
}

function storeCharts(figures) {
  const made = [];
  const bars = (title, note, label, entries) => {
    const rows = Object.entries(entries).map(([name, value]) => ({ name, value }));
    if (!rows.some((row) => row.value)) return;
    const longest = Math.max(...rows.map((row) => row.name.length));
    made.push(chart(title, 50 + 22 * rows.length, (room) => ({
      marginLeft: Math.min(room / 2, 20 + 6.5 * longest), marginRight: 40, marginBottom: 36, x: { label, grid: true }, y: { label: null, domain: rows.map((row) => row.name) },
      marks: [Plot.barX(rows, { x: "value", y: "name", fill: "var(--bar)" }), Plot.text(rows, { x: "value", y: "name", text: (row) => String(row.value), textAnchor: "start", dx: 4 }), Plot.ruleX([0])],
    }), note));
  };
  bars("What the targets are", "By rules of the audit's own.", "targets", figures.verdicts ?? {});
  for (const [track, counts] of Object.entries(figures.headroom ?? {})) {
    bars(`Headroom of ${track}`, "What a quick model scores over the best naive answer.", "tasks", Object.fromEntries(counts.map((n, k) => [`${(k / counts.length).toFixed(1)} to ${((k + 1) / counts.length).toFixed(1)}`, n])));
  }
  bars("Why likely targets were refused", "By the ledger beside the store.", "targets", Object.fromEntries(Object.entries(figures.refused?.by_reason ?? {}).slice(0, 12)));
  bars("Agents without a language model", "Mean scores; blind is with every training column shuffled on its own.", "mean score", Object.fromEntries(Object.entries(figures.agents ?? {}).flatMap(([name, s]) => [[name, s.score], [`${name}, blind`, s.blind]])));
  return made;
}
