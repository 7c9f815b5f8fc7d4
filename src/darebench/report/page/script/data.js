// Documents by name: from this page, which holds them compressed, or from the server that serves it.

const SERVED = document.documentElement.hasAttribute("data-served");
const KEPT_CHUNKS = 12;
const kept = new Map();

export const isServed = () => SERVED;

export function load(name) {
  if (kept.has(name)) {
    const found = kept.get(name);
    kept.delete(name);
    kept.set(name, found);
    return found;
  }
  const found = loadOnce(name);
  kept.set(name, found);
  found.catch(() => kept.delete(name));
  const chunks = [...kept.keys()].filter(isChunk);
  for (const old of chunks.slice(0, Math.max(0, chunks.length - KEPT_CHUNKS))) kept.delete(old);
  return found;
}

// Reads a document that is not worth keeping.
export function loadOnce(name) {
  return kept.get(name) ?? (SERVED ? fetched(name) : unpacked(name));
}

export function forget(prefix) {
  for (const name of [...kept.keys()]) if (name === prefix || name.startsWith(`${prefix}/`)) kept.delete(name);
}

const isChunk = (name) => name.split("/").length > 2;

async function fetched(name) {
  const answer = await fetch(`data/${name}`);
  if (!answer.ok) throw new Error(`${name} cannot be read: ${(await answer.text()) || answer.status}`);
  return answer.json();
}

async function unpacked(name) {
  const element = document.querySelector(`script[data-document="${CSS.escape(name)}"]`);
  if (!element) throw new Error(`this page does not hold ${name}; darebench view shows it`);
  const letters = atob(element.textContent);
  const bytes = Uint8Array.from(letters, (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).json();
}

const libraries = new Map();

export function library(name) {
  if (!libraries.has(name)) {
    libraries.set(name, load(`library/${name}`).then((code) => {
      const script = document.createElement("script");
      script.textContent = code; // runs at once; the policy of the page lists the hash of this text
      document.head.append(script);
    }));
  }
  return libraries.get(name);
}

export function listen(onChange) {
  if (!SERVED) return;
  const events = new EventSource("events");
  events.onmessage = (event) => {
    const changed = JSON.parse(event.data);
    for (const name of changed) forget(name);
    onChange(changed);
  };
}
