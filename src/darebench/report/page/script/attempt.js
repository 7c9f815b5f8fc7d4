// One attempt: everything that was said, run and printed, and why the score is what it is.

import { codeBlock } from "./code.js";
import { againstTruth } from "./against.js";
import { counted, dim, facts, h, labelled, link, percent, table, words } from "./dom.js";
import { here, keep, to } from "./place.js";
import { attemptPlace, shownRows } from "./run.js";
import { attemptAt, findRow, runNamed } from "./runs.js";

export async function attemptPage([name, task, epoch]) {
  const run = await runNamed(name);
  const row = findRow(run, task, epoch);
  if (!row) throw new Error(`${name} has no attempt ${epoch} at ${task}`);
  const attempt = await attemptAt(run, row);
  const rows = shownRows(name) ?? run.rows;
  const at = rows.findIndex((other) => other.n === row.n);
  const [before, after] = [rows[at - 1], rows[at + 1]];
  return {
    title: `${task}, ${name}`,
    up: to("run", name),
    before: before && attemptPlace(before),
    next: after && attemptPlace(after),
    after: () => {
      const wanted = here().query.at;
      if (wanted) document.getElementById(wanted)?.scrollIntoView({ block: "start" });
    },
    body: [
      h("p", { class: "way" }, link(to("run", name), name), at >= 0 && dim(` ${at + 1} of ${rows.length} `), before && link(attemptPlace(before), "previous"), " ", after && link(attemptPlace(after), "next")),
      h("h1", {}, task, epoch > 1 && dim(` attempt ${epoch}`)),
      attemptBody(attempt),
    ],
  };
}

export function attemptBody(attempt, side = "") {
  return [
    verdict(attempt),
    diagnosed(attempt.diagnosis, side),
    facts([
      ["track", attempt.track], ["source", attempt.source], ["model", attempt.model], ["stopped by", words(attempt.stop)],
      ["failure", words(attempt.failure) || "none"],
      ["public rule", attempt.score === null ? null : attempt.strict === null ? "no answer" : percent(attempt.strict)],
      ["seconds", time(attempt)], ["tokens", tokenText(attempt.tokens)],
    ]),
    attempt.warnings.map((text) => h("p", { class: "note warn" }, text)),
    targets(attempt, side),
    againstTruth(attempt, side),
    h("h2", {}, "Conversation"),
    conversation(attempt, side),
    attempt.provenance && h("details", {}, h("summary", {}, "Provenance of the score"), facts(Object.entries(attempt.provenance))),
  ];
}

function diagnosed(found, side) {
  if (!found) return null;
  const share = (value) => (value === null || value === undefined ? null : `${percent(value)} of the values`);
  return h("section", { "aria-label": labelled("Diagnosis", side) },
    h("h2", {}, "Diagnosis"),
    h("p", { class: "note" }, h("strong", {}, found.sentence)),
    facts([
      ["first step not followed", found.steps.map(words).join(" or ")],
      ["equals the reference", found.equals.join(", or ")],
      ["nearest", found.nearest && `the reference ${found.nearest}`], ["agrees with that in", share(found.agreement)], ["with the reference in", share(found.reference_agreement)],
      ["compared with", found.tried ? counted(found.tried, "other reference") : null], ["cannot be seen here", found.unseen.map(words).join(", ")],
    ]));
}

function verdict(attempt) {
  const score = attempt.score === null ? "Unscored" : `Score ${percent(attempt.score)}`;
  const why = attempt.fault ? `through no fault of the agent: ${attempt.fault}` : attempt.reason ? `${words(attempt.reason.code)}: ${attempt.reason.message}` : "";
  return h("p", { class: `verdict ${attempt.score === null || attempt.reason ? "bad" : ""}` }, h("strong", {}, score), why && ` ${why}`);
}

function time({ seconds, timing }) {
  if (!timing) return `${seconds} s`;
  return `${seconds} s: model ${timing.model.toFixed(1)}, programs ${timing.tool.toFixed(1)}; and ${timing.queue.toFixed(1)} s in the queue`;
}

const tokenText = ({ input, output, total }) => (total ? `${input.toLocaleString("en")} read, ${output.toLocaleString("en")} written` : "");

function targets(attempt, side) {
  const clipped = attempt.targets.some((t) => typeof t.raw === "number" && t.raw !== t.score);
  if (attempt.targets.length < 2 && !clipped) return null; // the verdict says it all
  return table(["target", "score", "before clipping", "rows that differ", "reason"],
    attempt.targets.map((t) => [t.name, percent(t.score), typeof t.raw === "number" ? t.raw.toPrecision(4) : "", t.differing ?? "", t.reason ?? ""]),
    { caption: labelled("Targets", side), isWords: [true, false, false, false, true] });
}

function conversation(attempt, side) {
  let turn = 0, next = 0, answers = 0;
  const parts = [];
  for (const message of attempt.messages) {
    if (message.role === "system") parts.push(h("details", { class: "message" }, h("summary", {}, "System prompt"), text(message.text)));
    else if (message.role === "user") parts.push(h("section", { class: "message", "aria-label": labelled(turn ? "Message" : "Question", side) }, h("h3", {}, turn ? "Message to the model" : "Question"), text(message.text)));
    else if (message.role === "tool") {
      parts.push(h("details", { class: "seen" }, h("summary", {}, "The output as the model was shown it"), text(message.text)));
      answers += 1;
    } else {
      turn += 1;
      const own = attempt.calls.slice(next, next + (message.calls ?? 0));
      parts.push(h("section", { class: "message turn", "aria-label": labelled(`Turn ${turn}`, side) },
        heading("h3", `turn-${turn}`, `Turn ${turn}`, side),
        message.thought && h("details", { class: "thought", open: message.thought.length < 2000 }, h("summary", {}, "Thought"), text(message.thought)),
        message.text && text(message.text),
        own.map((call, k) => callPart(call, next + k + 1, side))));
      next += own.length;
    }
  }
  const rest = attempt.calls.slice(next);
  return [parts, rest.map((call, k) => callPart(call, next + k + 1, side))];
}

const text = (value) => h("div", { class: "text" }, value || dim("(nothing)"));

function heading(tag, id, label, side) {
  const own = h(tag, { id: side ? `${side}-${id}` : id }, label);
  if (side === "") own.append(" ", h("button", { type: "button", class: "mark", title: "Put the address of this place into the address bar", "aria-label": `Link to ${label}`, onclick: () => keep({ ...here().query, at: id }) }, "#"));
  return own;
}

function callPart(call, number, side) {
  const tool = call.tool ? `, tool ${call.tool}` : "";
  return h("section", { class: `call ${call.status}`, "aria-label": labelled(`Call ${number}`, side) },
    heading("h4", `call-${number}`, `Call ${number}: ${call.status}${tool}, ${call.seconds} s`, side),
    dim("loads ", call.load.join(", ") || "nothing", "; saves ", call.save.join(", ") || "nothing"),
    codeBlock(call.arguments, { label: "arguments as they were given", of: labelled(`call ${number}`, side) }),
    codeBlock(call.code, { label: "code", of: labelled(`call ${number}`, side), language: "python" }),
    codeBlock(call.stdout, { label: "output", of: labelled(`call ${number}`, side) }),
    codeBlock(call.stderr, { label: "errors", of: labelled(`call ${number}`, side) }),
    !call.stdout && !call.stderr && !call.arguments && h("p", { class: "dim" }, "No output."));
}
