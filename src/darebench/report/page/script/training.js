// Trainings: the curve of each metric, of one training or of all that are here.

import { chart } from "./charts.js";
import { load } from "./data.js";
import { h } from "./dom.js";
import { theIndex } from "./runs.js";

const FIRST = {
  reward: "Reward", valid: "Share of attempts with a prediction", score: "Score", loss: "Loss", truncated: "Share cut off by tokens or turns", tool_errors: "Calls that failed, of an attempt",
  length: "Tokens written, of an attempt", faults: "Share without a score, our fault", "time/generation": "Seconds of generation, a step", "time/sandbox": "Seconds in the sandbox, of all programs of a step", "time/update": "Seconds of the update, a step",
};
const SMOOTH = 5;
const SYMBOLS = ["circle", "triangle", "square", "diamond", "star", "cross"];

export async function trainings([name]) {
  const index = await theIndex();
  const chosen = index.trainings.map((training, number) => ({ ...training, number })).filter((training) => !name || training.name === name);
  if (chosen.length === 0) throw new Error(`there is no training ${name} here`);
  const curves = await Promise.all(chosen.map(async (training) => ({ name: training.name, metrics: await load(`training/${training.number}`) })));
  const metrics = [...new Set(curves.flatMap((curve) => Object.keys(curve.metrics)))].filter((metric) => curves.some((curve) => curve.metrics[metric]?.[0].length > 1));
  const first = Object.keys(FIRST).filter((metric) => metrics.includes(metric));
  const rest = metrics.filter((metric) => !first.includes(metric)).sort();
  const title = name ?? "Learning curves";
  return {
    title,
    body: [
      h("h1", {}, title),
      metrics.length === 0 && h("p", {}, "No metric has two values yet."),
      h("div", { class: "pair" }, first.map((metric) => curveChart(FIRST[metric], metric, curves))),
      rest.length > 0 && h("details", { class: "tables" }, h("summary", {}, h("h2", {}, "Everything else that the trainer wrote")), h("div", { class: "pair" }, rest.map((metric) => curveChart(metric, metric, curves)))),
    ],
  };
}

function curveChart(title, metric, curves) {
  const names = curves.map((curve) => curve.name);
  const points = curves.flatMap((curve) => {
    const [steps, values] = curve.metrics[metric] ?? [[], []];
    return steps.map((step, k) => {
      const window = values.slice(Math.max(0, k - SMOOTH + 1), k + 1);
      return { name: curve.name, step, value: values[k], smooth: window.reduce((a, b) => a + b, 0) / window.length };
    });
  });
  const marked = points.filter((p, k) => k % Math.max(1, Math.floor(points.length / 40)) === 0);
  const several = names.length > 1;
  return chart(title, 240, () => ({
    marginLeft: 60, marginBottom: 36, grid: true, x: { label: "step" }, y: { label: metric, zero: true, nice: true },
    symbol: { domain: names, range: SYMBOLS },
    marks: [
      Plot.line(points, { x: "step", y: "value", z: "name", stroke: "var(--edge)", strokeOpacity: 0.5 }),
      Plot.line(points, { x: "step", y: "smooth", z: "name", stroke: "var(--link)", strokeWidth: 2 }),
      several ? Plot.dot(marked, { x: "step", y: "smooth", symbol: "name", stroke: "var(--fg)" }) : null,
      Plot.tip(points, Plot.pointer({ x: "step", y: "smooth", title: (p) => `${p.name}, step ${p.step}\n${metric} ${p.value}\nmean of ${SMOOTH}: ${p.smooth.toPrecision(4)}` })),
    ],
  }), several ? names.map((name, k) => `${SYMBOLS[k % SYMBOLS.length]}: ${name}`).join(", ") : "");
}
