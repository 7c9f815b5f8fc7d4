// The prediction against the truth, and the first step of a workflow that was not followed.

import { chart } from "./charts.js";
import { counted, dim, facts, h, labelled, number, percent, table } from "./dom.js";

export function againstTruth({ against_truth: against }, side) {
  if (!against) return null;
  return h("section", { "aria-label": labelled("Prediction against truth", side) },
    h("h2", {}, "Prediction against truth"),
    against.reason && h("p", { class: "note" }, against.reason),
    against.targets.map((target) => [
      against.targets.length > 1 && h("h3", {}, `${target.target}: ${percent(target.score)}`),
      h("p", { class: "dim" }, counted(target.n_rows, "row"), " compared", target.n_differing !== null && `, ${counted(target.n_differing, "row")} not the same`),
      target.reason && h("p", { class: "note" }, target.reason),
      target.labels && labels(target.labels, labelled(target.target, side)),
      target.numbers && numbers(target, labelled(target.target, side)),
      target.series && series(target.series, target.target),
    ]));
}

function labels({ classes, confusion, n_grouped, differing }, name) {
  const totals = confusion.map((row) => row.reduce((a, b) => a + b, 0));
  const cell = (row, column) => {
    const n = confusion[row][column];
    const share = totals[row] ? n / totals[row] : 0;
    const made = h("td", { class: `cell ${row === column ? "same" : ""}`, title: `${n} of ${totals[row]} rows of ${classes[row]} predicted as ${classes[column]}` }, n || "");
    made.style.setProperty("--share", `${Math.round(100 * share)}%`);
    return made;
  };
  return [
    h("div", { class: "wide", tabindex: 0, role: "region", "aria-label": `Confusion matrix of ${name}` },
      h("table", { class: "confusion" },
        h("caption", {}, "Rows by true class (down) and predicted class (across)"),
        h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "true \\ predicted"), classes.map((name) => h("th", { scope: "col" }, name)), h("th", { scope: "col" }, "recall"))),
        h("tbody", {}, classes.map((name, row) => h("tr", {}, h("th", { scope: "row" }, name), classes.map((_, column) => cell(row, column)), h("td", {}, totals[row] ? percent(confusion[row][row] / totals[row]) : "")))))),
    n_grouped > 0 && h("p", { class: "dim" }, `The last class stands for ${counted(n_grouped, "rarer class", "rarer classes")}.`),
    rowTable("Rows that differ", differing, name),
  ];
}

function rowTable(title, rows, name) {
  if (rows.length === 0) return null;
  const text = (value) => (typeof value === "number" ? number(value, 6) : value);
  const isNumber = typeof rows[0].truth === "number";
  return h("details", { class: "tables" }, h("summary", {}, `${title} (${counted(rows.length, "row")} shown)`),
    table(["row", "truth", "prediction", ...(isNumber ? ["difference"] : [])],
      rows.map((row) => [row.id, text(row.truth), text(row.prediction), ...(isNumber ? [text(row.prediction - row.truth)] : [])]), { caption: `${title}, ${name}`, isWords: [true, !isNumber, !isNumber] }));
}

function numbers(target, name) {
  const n = target.numbers;
  const points = n.truth.map((truth, k) => ({ id: n.ids[k], truth, prediction: n.prediction[k], residual: n.residual[k] }));
  const tip = (p) => `${p.id}\ntruth ${p.truth}\nprediction ${p.prediction}\nresidual ${p.residual}`;
  const note = n.seed === null ? "" : `${counted(points.length, "row")} of ${target.n_rows}, drawn at random.`;
  const dots = (x, y) => [Plot.dot(points, { x, y, r: 3, stroke: "var(--link)", strokeOpacity: 0.7 }), Plot.tip(points, Plot.pointer({ x, y, title: tip }))];
  const size = { marginLeft: 70, marginBottom: 40, grid: true, nice: true };
  return [
    facts([["mean error", number(n.mean_error)], ["mean absolute error", number(n.mean_absolute_error)], ["root mean square error", number(n.root_mean_square_error)]]),
    points.length > 0 && h("div", { class: "pair" },
      chart("Predicted against true", 320, () => ({ ...size, x: { label: `true ${target.target}` }, y: { label: `predicted ${target.target}` }, marks: [Plot.line(ends(points), { x: "at", y: "at", stroke: "var(--edge)", strokeDasharray: "5 4" }), ...dots("truth", "prediction")] }), note),
      chart("Residuals", 320, () => ({ ...size, x: { label: `predicted ${target.target}` }, y: { label: "prediction minus truth" }, marks: [Plot.ruleY([0], { stroke: "var(--edge)" }), ...dots("prediction", "residual")] }))),
    rowTable(target.n_differing === null ? "Rows furthest off" : "Rows that differ", n.worst, name),
  ];
}

function ends(points) {
  const all = points.flatMap((p) => [p.truth, p.prediction]);
  return [{ at: Math.min(...all) }, { at: Math.max(...all) }];
}

function series({ time_column, time_kind, n_entities, entities }, target) {
  const at = (time) => (time_kind === "instant" ? new Date(time) : time);
  return [
    n_entities > entities.length && dim(`${entities.length} of ${n_entities} series, those with most of the squared error.`),
    entities.map(({ entity, squared_error_share: share, history, forecast }) => {
      const name = Object.entries(entity).map(([column, value]) => `${column} ${value}`).join(", ") || target;
      const kinds = [["history", history.values, history.times], ["truth", forecast.truth, forecast.times], ["prediction", forecast.prediction, forecast.times]];
      const points = kinds.flatMap(([kind, values, times]) => values.map((value, k) => ({ kind, value, time: at(times[k]) })));
      const of = (kind) => points.filter((p) => p.kind === kind);
      return chart(name, 260, (room) => ({
        marginLeft: 70, marginBottom: 40, grid: true,
        x: { label: time_column, type: time_kind === "text" ? "point" : undefined, ticks: time_kind === "text" ? [] : Math.max(2, room / 110) }, y: { label: target },
        marks: [
          Plot.lineY(of("history"), { x: "time", y: "value", stroke: "var(--edge)" }),
          Plot.lineY(of("truth"), { x: "time", y: "value", stroke: "var(--fg)" }),
          Plot.dot(of("truth"), { x: "time", y: "value", r: 2, fill: "var(--fg)" }),
          Plot.lineY(of("prediction"), { x: "time", y: "value", stroke: "var(--other)", strokeDasharray: "5 3", strokeWidth: 2 }),
          Plot.tip(points, Plot.pointerX({ x: "time", y: "value", title: (p) => `${p.kind} ${p.value}\n${time_kind === "instant" ? p.time.toISOString().slice(0, 16).replace("T", " ") : p.time}` })),
        ],
      }), `History in grey, truth with dots, prediction dashed.${share === null || n_entities < 2 ? "" : ` ${percent(share)} of the squared error.`}`);
    }),
  ];
}
