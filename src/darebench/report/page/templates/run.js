const attempts = JSON.parse(document.getElementById("attempts").textContent);
const list = document.getElementById("list");
function make(tag, text, cls) { const e = document.createElement(tag); if (text !== undefined) e.textContent = text; if (cls) e.className = cls; return e; }
function block(parent, title, text) { if (!text) return; parent.append(make("div", title, "dim"), make("pre", text)); }
function fill(body, a) {
  if (a.fault) body.append(make("p", "Unscored, through no fault of the agent: " + a.fault, "bad"));
  if (a.reason) body.append(make("p", a.reason, "bad"));
  const facts = [["stopped by", a.stop], ["failure", a.failure || "none"], ["by the release's rule", a.strict === null ? "no answer" : percent(a.strict)], ["seconds", a.seconds + parts(a.timing)], ["tokens", a.tokens]];
  for (const t of a.targets) facts.push(["target " + t.name, target(t)]);
  const dl = make("dl"); for (const [k, v] of facts) dl.append(make("dt", k), make("dd", String(v))); body.append(dl);
  block(body, "question", a.question);
  a.calls.forEach((c, i) => {
    body.append(make("p", "call " + (i + 1) + ": " + c.status + ", " + c.seconds + " s; loads " + (c.load.join(", ") || "nothing") + "; saves " + (c.save.join(", ") || "nothing")));
    block(body, "arguments as they were given", c.given); block(body, "code", c.code); block(body, "stdout", c.stdout); block(body, "stderr", c.stderr);
  });
  block(body, "last words", a.answer);
}
function percent(share) { return (100 * share).toFixed(1) + " %"; }
function parts(timing) { return timing ? " (" + ["model", "tool", "queue"].map(name => name + " " + timing[name].toFixed(1)).join(", ") + ")" : ""; }
function target(t) {
  const said = [percent(t.score)];
  if (typeof t.raw === "number" && t.raw !== t.score) said.push("before clipping " + t.raw.toPrecision(4));
  if (t.differing) said.push(t.differing + " rows differ");
  if (t.reason) said.push(t.reason);
  return said.join("; ");
}
function outcome(a) { return a.score === null ? "unscored" : a.score >= 1 ? "full" : a.score > 0 ? "part" : "zero"; }
function show() {
  const column = document.getElementById("column").value, want = document.getElementById("outcome").value, failure = document.getElementById("failure").value, name = document.getElementById("name").value.toLowerCase();
  list.replaceChildren(); let n = 0;
  for (const a of attempts) {
    if (column && a.column !== column || want && outcome(a) !== want || failure && a.failure !== failure || name && !a.task.toLowerCase().includes(name)) continue;
    n += 1;
    const d = make("details"), s = make("summary");
    s.append(make("span", a.task + (a.epoch > 1 ? " (epoch " + a.epoch + ")" : ""), "task"), make("span", a.failure ? a.failure.replaceAll("_", " ") : "", "dim"), make("span", a.column, "dim"), make("span", a.score === null ? "unscored" : (100 * a.score).toFixed(1), a.score === null ? "score bad" : "score"));
    d.append(s);
    d.addEventListener("toggle", () => { if (d.open && d.children.length === 1) { const b = make("div", undefined, "body"); fill(b, a); d.append(b); } });
    list.append(d);
  }
  document.getElementById("count").textContent = n + " of " + attempts.length;
}
for (const id of ["column", "outcome", "failure", "name"]) document.getElementById(id).addEventListener("input", show);
show();
