// Filters of attempts: words, and conditions such as `stop:turns`, `-track:CF` or `seconds>60`.

const CONDITION = /^(-?)([a-z]+)(:|>=|<=|>|<|=)(.+)$/;

export const outcome = (row) => (row.score === null ? "unscored" : row.score >= 1 ? "full" : row.score > 0 ? "part" : "zero");
export const OUTCOMES = [["", "all"], ["full", "score 1"], ["part", "between"], ["zero", "score 0"], ["unscored", "unscored"]];

function textOf(row, name) {
  if (name === "outcome") return outcome(row);
  const value = row[name];
  return value === null || value === undefined ? "none" : String(value).toLowerCase();
}

function condition(word, fields) {
  const found = CONDITION.exec(word);
  if (!found || !fields.includes(found[2])) {
    const text = word.replace(/^-/, "").toLowerCase();
    const has = (row) => row.task.toLowerCase().includes(text);
    return word.startsWith("-") && text ? (row) => !has(row) : has;
  }
  const [, minus, name, sign, wanted] = found;
  const number = Number(wanted), text = wanted.toLowerCase();
  const compare = {
    ":": (row) => textOf(row, name).includes(text),
    "=": (row) => textOf(row, name) === text || (row[name] !== null && Number(row[name]) === number),
    ">": (row) => row[name] !== null && Number(row[name]) > number,
    "<": (row) => row[name] !== null && Number(row[name]) < number,
    ">=": (row) => row[name] !== null && Number(row[name]) >= number,
    "<=": (row) => row[name] !== null && Number(row[name]) <= number,
  }[sign];
  return minus ? (row) => !compare(row) : compare;
}

export function matcher(words, exact, fields) {
  const tests = words.trim().split(/\s+/).filter(Boolean).map((word) => condition(word, fields));
  for (const [name, value] of Object.entries(exact)) if (value) tests.push((row) => textOf(row, name) === value.toLowerCase());
  return (row) => tests.every((test) => test(row));
}
