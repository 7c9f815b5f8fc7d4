// Texts as they are: code with line numbers, its words told apart, and a button that copies it.

import { dim, h, visible } from "./dom.js";
import { library } from "./data.js";

const MOST_COLOURED = 60_000;

export function codeBlock(text, { label = "code", of = "", language = null } = {}) {
  if (!text) return null;
  const lines = text.replace(/\n$/, "").split("\n").length;
  const code = h("code", {}, text);
  const copy = h("button", { type: "button", class: "copy", "aria-label": `Copy ${label}`, onclick: () => copied(copy, text) }, "Copy");
  if (language === "python" && text.length < MOST_COLOURED) {
    library("code").then(() => code.replaceChildren(...tokens(Prism.tokenize(text, Prism.languages.python))));
  }
  const numbers = Array.from({ length: lines }, (_, k) => k + 1).join("\n");
  return h("div", { class: "code" },
    h("div", { class: "codehead" }, dim(label), copy),
    h("div", { class: "lines" },
      h("pre", { class: "numbers", "aria-hidden": "true" }, numbers),
      h("pre", { tabindex: 0, role: "region", "aria-label": of ? `${label} of ${of}` : label }, code)));
}

function tokens(found) {
  return found.map((token) => (typeof token === "string" ? visible(token) : h("span", { class: `t-${token.type}` }, Array.isArray(token.content) ? tokens(token.content) : token.content)));
}

async function copied(button, text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch { // not allowed from a file in some browsers
    const area = h("textarea", { class: "hidden" });
    area.value = text;
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
  button.textContent = "Copied";
  setTimeout(() => { button.textContent = "Copy"; }, 1500);
}
