// The place in the page, as the fragment of its address: parts, and filters after a question mark.

export const to = (...parts) => `#/${parts.map((part) => encodeURIComponent(part)).join("/")}`;

export function withQuery(path, query) {
  const known = Object.entries(query).filter(([, value]) => value !== "" && value !== undefined && value !== null);
  const text = new URLSearchParams(known).toString();
  return text ? `${path}?${text}` : path;
}

// A page in the frame of a notebook opens at a place that is not in its address.
export const address = () => location.hash || document.documentElement.dataset.start || "";

export function here() {
  const [path, query] = address().replace(/^#\/?/, "").split("?");
  let parts;
  try {
    parts = path.split("/").filter(Boolean).map(decodeURIComponent);
  } catch {
    parts = [path];
  }
  return { parts, query: Object.fromEntries(new URLSearchParams(query ?? "")) };
}

export function keep(query) {
  history.replaceState(null, "", location.href.split("#")[0] + withQuery(address().split("?")[0] || "#/", query));
}
