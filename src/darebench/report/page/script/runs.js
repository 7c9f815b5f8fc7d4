// Runs and their attempts, as rows that filters and lists take.

import { load, loadOnce } from "./data.js";

const read = new WeakMap();

export async function theIndex() {
  return load("index");
}

export async function runNamed(name) {
  const index = await theIndex();
  const number = index.runs.findIndex((run) => run.name === name);
  if (number < 0) throw new Error(`there is no run ${name} here`);
  const document = await load(`run/${number}`);
  if (!read.has(document)) read.set(document, rowsOf(name, document));
  return { ...index.runs[number], number, rows: read.get(document) };
}

function rowsOf(run, d) {
  let chunk = 0;
  return d.task.map((place, n) => {
    if (n === d.starts[chunk + 1]) chunk += 1;
    const [task, track, source, family, variant, domain] = d.tasks[place];
    return {
      n, chunk, at: n - d.starts[chunk], run, task, track, source, family, variant, domain,
      epoch: d.epoch[n], score: d.score[n], failure: d.failure[n], reason: d.reason[n], stop: d.stop[n],
      seconds: d.seconds[n], tokens: d.tokens[n], calls: d.calls[n], failed: d.failed[n], warnings: d.warnings[n],
    };
  });
}

export const FIELDS = ["task", "track", "source", "family", "variant", "domain", "epoch", "score", "failure", "reason", "stop", "outcome", "seconds", "tokens", "calls", "failed", "warnings"];

export async function attemptAt(run, row) {
  const attempts = await load(`run/${run.number}/${row.chunk}`);
  return attempts[row.at];
}

export const findRow = (run, task, epoch) => run.rows.find((row) => row.task === task && row.epoch === Number(epoch));

const PARTS = {
  messages: (attempt) => attempt.messages.flatMap((m) => [m.text, m.thought ?? ""]),
  code: (attempt) => attempt.calls.flatMap((c) => [c.code, c.arguments ?? ""]),
  output: (attempt) => attempt.calls.flatMap((c) => [c.stdout, c.stderr]),
};
export const TEXTS = [["", "all texts"], ["messages", "messages and thoughts"], ["code", "code"], ["output", "output"]];

export async function* searchTexts(run, rows, text, where) {
  const wanted = text.toLowerCase();
  const parts = where ? [PARTS[where]] : Object.values(PARTS);
  const chunks = Map.groupBy(rows, (row) => row.chunk);
  let done = 0;
  for (const [chunk, own] of chunks) {
    const attempts = await loadOnce(`run/${run.number}/${chunk}`);
    const found = own.filter((row) => parts.some((part) => part(attempts[row.at]).some((t) => t.toLowerCase().includes(wanted))));
    done += own.length;
    yield { found, done };
  }
}
