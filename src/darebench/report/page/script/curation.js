// A curation: what became of each table, how it was read, and why.

import { load } from "./data.js";
import { afterPause, chosen, counted, dim, facts, h, link, table, typed } from "./dom.js";
import { RowList } from "./list.js";
import { here, keep, to } from "./place.js";
import { theIndex } from "./runs.js";

export async function curations([name, tableName]) {
  const index = await theIndex();
  const number = index.curations.findIndex((curation) => curation.name === name);
  if (number < 0) throw new Error(`there is no curation ${name} here`);
  const rows = await load(`curation/${number}`);
  return tableName ? tablePage(index.curations[number], number, rows, tableName) : curationPage(index.curations[number], rows);
}

function curationPage(curation, rows) {
  const query = here().query;
  const list = new RowList("Tables", (row) => tableRow(curation.name, row));
  const status = h("p", { role: "status", class: "dim" });
  const apply = () => {
    const text = (query.q ?? "").toLowerCase();
    const shown = rows.filter((row) => (!text || `${row.table} ${row.reason ?? ""}`.toLowerCase().includes(text)) && (!query.became || (query.became === "kept") === row.tasks > 0) && (!query.stage || row.stage === query.stage));
    list.show(shown);
    status.textContent = `${shown.length.toLocaleString("en")} of ${counted(rows.length, "table")}`;
  };
  const later = afterPause(apply);
  const set = (field) => (value) => { query[field] = value; keep(query); later(); };
  const kept = rows.filter((row) => row.tasks > 0);
  const stages = [["", "all"], ...[...new Set(rows.map((row) => row.stage))].filter(Boolean).sort().map((s) => [s, s])];
  return {
    title: curation.name, list, after: apply,
    body: [
      h("h1", {}, curation.name),
      facts([["folder", curation.folder], ["tables", counted(rows.length, "table")], ["kept", `${kept.length} of them, with ${counted(kept.reduce((sum, row) => sum + row.tasks, 0), "task")}`], ["store", curation.store && link(to("store", curation.store), curation.store)]]),
      h("form", { class: "filters", role: "search", onsubmit: (event) => event.preventDefault() },
        typed("Table or reason", query.q ?? "", set("q"), { "data-search": true }),
        chosen("Became", [["", "all"], ["kept", "tasks"], ["refused", "refused"]], query.became ?? "", set("became")),
        chosen("Refused in stage", stages, query.stage ?? "", set("stage"))),
      status,
      list.element,
    ],
  };
}

function tableRow(name, row) {
  return h("a", { class: "curated", href: to("curation", name, row.table) },
    h("span", { class: "task" }, row.table), h("span", { class: "track" }, row.tasks ? counted(row.tasks, "task") : "refused"), h("span", { class: "why" }, row.reason ? `${row.stage}: ${row.reason}` : ""));
}

async function tablePage(curation, number, rows, name) {
  const place = rows.findIndex((row) => row.table === name);
  if (place < 0) throw new Error(`${curation.name} has no table ${name}`);
  const said = await load(`curation/${number}/${place}`);
  const at = (by) => rows[place + by] && to("curation", curation.name, rows[place + by].table);
  return {
    title: name, up: to("curation", curation.name), next: at(1), before: at(-1),
    body: [
      h("p", { class: "way" }, link(to("curation", curation.name), curation.name), dim(` ${place + 1} of ${rows.length} `), at(-1) && link(at(-1), "previous"), " ", at(1) && link(at(1), "next")),
      h("h1", {}, name),
      said.tasks.length > 0 && h("p", {}, "Tasks: ", said.tasks.map((id) => [curation.store ? link(to("store", curation.store, id), id) : id, " "])),
      said.refusals.length > 0 && [h("h2", {}, "Refused"), table(["target", "stage", "reason"], said.refusals.map((r) => [r.target ?? "(the table)", r.stage, r.reason]), { caption: "Refused", isWords: [true, true, true] })],
      said.explanation ? explained(said.explanation) : h("p", { class: "dim" }, "The ledger does not say how this table was read."),
    ],
  };
}

function explained(e) {
  const decided = (what) => what && `${[what.column, ...(what.columns ?? [])].filter(Boolean).join(", ") || "none"}; ${what.why}`;
  return [
    h("h2", {}, "How it was read"),
    facts([
      ["rows", e.rows?.toLocaleString("en")], ["file", e.file], ["encoding", e.encoding && `${e.encoding.name}; ${e.encoding.why}`],
      ["header", e.header && `${e.header.row === null ? "none" : `row ${e.header.row}`}; ${e.header.why}`],
      ["time", decided(e.time)], ["groups", decided(e.groups)], ["notes", (e.notes ?? []).join("; ")],
    ]),
    e.targets?.length > 0 && [h("h2", {}, "Targets"), table(["target", "points", "taken", "why"], e.targets.map((t) => [t.name, t.score ?? "", t.taken ? `yes, ${t.family}` : "no", [t.why, t.role_why && dim(` (${t.role}: ${t.role_why})`), t.help && dim(` ${t.help}`)]]), { caption: "Targets", isWords: [true, false, true, true] })],
    e.columns?.length > 0 && [h("h2", {}, "Columns"), table(["column", "role", "kind", "values", "missing", "why", "description"], e.columns.map((c) => [c.name, c.role, c.kind ?? "", c.distinct ?? "", c.missing === undefined ? "" : `${(100 * c.missing).toFixed(0)} %`, [c.why, c.help && dim(` ${c.help}`)], c.description ?? ""]), { caption: "Columns", isWords: [true, true, true, false, false, true, true] })],
  ];
}
