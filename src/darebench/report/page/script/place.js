// The place in the page, as the fragment of its address: parts, and filters after a question mark.

export const to = (...parts) => `#/${parts.map((part) => encodeURIComponent(part)).join("/")}`;

export function withQuery(path, query) {
  const known = Object.entries(query).filter(([, value]) => value !== "" && value !== undefined && value !== null);
  const text = new URLSearchParams(known).toString();
  return text ? `${path}?${text}` : path;
}

export function here() {
  const [path, query] = location.hash.replace(/^#\/?/, "").split("?");
  let parts;
  try {
    parts = path.split("/").filter(Boolean).map(decodeURIComponent);
  } catch {
    parts = [path];
  }
  return { parts, query: Object.fromEntries(new URLSearchParams(query ?? "")) };
}

export function keep(query) {
  history.replaceState(null, "", withQuery(location.hash.split("?")[0] || "#/", query));
}
