// Elements, made of text only: nothing here, or in any other module, turns text into markup.

// What would turn the letters around it the other way, on the page or in code, is an escape.
const TURNS = /[\u202a-\u202e\u2066-\u2069]/g;
export const visible = (child) => (typeof child === "string" ? child.replace(TURNS, (letter) => `\\u${letter.charCodeAt(0).toString(16)}`) : child);

export function h(tag, properties, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties ?? {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "href" && !String(value).startsWith("#")) throw new Error(`a link that leads out: ${value}`);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false).map(visible));
  return element;
}

export const link = (to, ...children) => h("a", { href: to }, children);
export const dim = (...children) => h("span", { class: "dim" }, children);

export function facts(pairs) {
  const known = pairs.filter(([, value]) => value !== null && value !== undefined && value !== "");
  return h("dl", {}, known.map(([name, value]) => [h("dt", {}, name), h("dd", {}, typeof value === "object" ? value : String(value))]));
}

export function table(columns, rows, { caption, isWords } = {}) {
  const cls = (k) => (isWords?.[k] ? "words" : undefined);
  return h("div", { class: "wide", tabindex: 0, role: "region", "aria-label": caption ?? columns.join(", ") },
    h("table", {},
      caption && h("caption", { class: "hidden" }, caption),
      h("thead", {}, h("tr", {}, columns.map((c, k) => h("th", { scope: "col", class: cls(k) }, c)))),
      h("tbody", {}, rows.map((row) => h("tr", {}, row.map((c, k) => h("td", { class: cls(k) }, c)))))));
}

export function chosen(label, options, value, onchange) {
  const select = h("select", { onchange: () => onchange(select.value) },
    options.map(([key, text]) => h("option", { value: key, selected: key === value }, text)));
  return h("label", {}, dim(label), select);
}

export function typed(label, value, oninput, more) {
  const input = h("input", { type: "search", value, autocomplete: "off", spellcheck: "false", ...more, oninput: () => oninput(input.value) });
  return h("label", { class: "grow" }, dim(label), input);
}

export const percent = (share) => `${(100 * share).toFixed(1)} %`;
export const signed = (share) => `${share < 0 ? "−" : "+"}${(100 * Math.abs(share)).toFixed(1)}`;
export const counted = (n, one, many = `${one}s`) => `${n.toLocaleString("en")} ${n === 1 ? one : many}`;
export const number = (value, digits = 4) => (value === null ? "" : Number(value.toPrecision(digits)).toLocaleString("en", { maximumSignificantDigits: digits }));
export const words = (name) => (name ? name.replaceAll("_", " ") : "");

// A label of a landmark, which tells the two halves of a comparison apart.
export const labelled = (label, side) => (side ? `${label}, ${side}` : label);

// What takes its time, with a word in its place until it is there.
export function later(made, then) {
  const place = h("div", { "aria-busy": "true" }, h("p", { class: "dim" }, "Reading …"));
  const filled = (...parts) => {
    place.removeAttribute("aria-busy");
    place.replaceChildren(...h("div", {}, parts).childNodes);
    then?.();
  };
  made.then(filled, (error) => filled(h("p", { class: "bad" }, `${error.message}.`)));
  return place;
}

export function afterPause(act, milliseconds = 150) {
  let waiting;
  return (...values) => {
    clearTimeout(waiting);
    waiting = setTimeout(() => act(...values), milliseconds);
  };
}
