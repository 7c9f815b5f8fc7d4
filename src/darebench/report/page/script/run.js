// One run: its scores, and its attempts with filters and a search in their texts.

import { afterPause, chosen, dim, h, later, link, percent, typed, words } from "./dom.js";
import { scoresChart } from "./charts.js";
import { load } from "./data.js";
import { matcher, outcome, OUTCOMES } from "./filter.js";
import { leftOut, runFacts, scoreTables } from "./home.js";
import { RowList } from "./list.js";
import { here, keep, to, withQuery } from "./place.js";
import { FIELDS, runNamed, searchTexts, TEXTS, theIndex } from "./runs.js";

const SORTS = [["", "the store's order"], ["score", "score, lowest first"], ["-score", "score, highest first"], ["-seconds", "seconds, most first"], ["-tokens", "tokens, most first"], ["-calls", "calls, most first"]];
let listed = { run: null, rows: [] };

export const shownRows = (run) => (listed.run === run ? listed.rows : null);

export async function runPage([name], again) {
  const [index, run] = [await theIndex(), await runNamed(name)];
  const list = new RowList("Attempts", attemptRow);
  const status = h("p", { role: "status", class: "dim" });
  const query = here().query;
  const apply = afterPause(() => applied(run, query, list, status));
  const set = (field) => (value) => { query[field] = value; keep(query); apply(); };
  const scores = index.runs.length === 1 ? scoreTables([name]) : ownScores(name);
  return {
    title: name,
    list,
    after: () => applied(run, query, list, status),
    body: [
      h("h1", {}, name),
      leftOut(index),
      runFacts(run),
      again ? await scores : later(scores, () => list.redraw()),
      h("h2", { id: "attempts" }, "Attempts"),
      filters(run, query, set),
      status,
      list.element,
    ],
  };
}

async function ownScores(name) {
  const tracks = (await load("scores")).tracks[name].filter((t) => t.mean !== null);
  return tracks.length > 0 && scoresChart("Mean score by track", tracks.map((t) => ({ ...t, run: name, track: t.name })), "Lines are 95 % intervals.");
}

function filters(run, query, set) {
  const values = (field) => [["", "all"], ...[...new Set(run.rows.map((row) => row[field]))].filter(Boolean).sort().map((v) => [v, words(v)])];
  return h("form", { class: "filters", role: "search", onsubmit: (event) => event.preventDefault() },
    typed("Task, or conditions", query.q ?? "", set("q"), { "data-search": true, placeholder: "iris stop:turns seconds>60", title: `Conditions: ${FIELDS.join(", ")}, each with : = < > <= >=, and - in front for not` }),
    typed("Text in attempts", query.text ?? "", set("text"), { placeholder: "StandardScaler" }),
    chosen("Text in", TEXTS, query.in ?? "", set("in")),
    chosen("Track", values("track"), query.track ?? "", set("track")),
    chosen("Outcome", OUTCOMES, query.outcome ?? "", set("outcome")),
    chosen("Failure", values("failure"), query.failure ?? "", set("failure")),
    chosen("Reason", values("reason"), query.reason ?? "", set("reason")),
    chosen("Order", SORTS, query.order ?? "", set("order")));
}

let search = 0;

async function applied(run, query, list, status) {
  const number = (search += 1);
  const { q = "", text = "", order = "" } = query;
  const fits = matcher(q, { track: query.track, outcome: query.outcome, failure: query.failure, reason: query.reason }, FIELDS);
  const rows = run.rows.filter(fits);
  const present = (found, said) => {
    listed = { run: run.name, rows: sorted(found, order) };
    list.show(listed.rows);
    status.textContent = said;
  };
  const all = run.rows.length.toLocaleString("en");
  if (!text) return present(rows, `${rows.length.toLocaleString("en")} of ${all} attempts`);
  const found = [];
  let last = 0;
  for await (const { found: more, done } of searchTexts(run, rows, text, query.in)) {
    if (number !== search || !list.element.isConnected) return undefined;
    found.push(...more);
    if (performance.now() - last < 200) continue;
    last = performance.now();
    present(found, `${found.length.toLocaleString("en")} attempts with this text so far, ${done.toLocaleString("en")} of ${rows.length.toLocaleString("en")} searched`);
  }
  return present(found, `${found.length.toLocaleString("en")} of ${all} attempts with this text`);
}

function sorted(rows, order) {
  if (!order) return rows;
  const name = order.replace("-", ""), sign = order.startsWith("-") ? -1 : 1;
  return rows.toSorted((a, b) => sign * ((a[name] ?? -1) - (b[name] ?? -1)) || a.n - b.n);
}

export function attemptRow(row) {
  return h("a", { class: `attempt ${outcome(row)}`, href: attemptPlace(row) },
    h("span", { class: "score" }, row.score === null ? "unscored" : percent(row.score)),
    h("span", { class: "task" }, row.task, row.epoch > 1 && dim(` #${row.epoch}`)),
    h("span", { class: "track" }, row.track),
    h("span", { class: "why" }, words(row.failure) || (row.score === null ? "our fault" : "")),
    h("span", { class: "effort" }, `${row.calls} calls, ${row.seconds} s`));
}

export const attemptPlace = (row, query = {}) => withQuery(to("run", row.run, row.task, row.epoch), query);
