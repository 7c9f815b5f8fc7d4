// A list of any length, of which only the rows in sight are in the page.

import { h } from "./dom.js";

export class RowList {
  constructor(label, render) {
    this.render = render;
    this.items = [];
    this.top = -1;
    this.element = h("div", { class: "list", role: "list", "aria-label": label });
    this.rowHeight = 1;
    this.redraw = () => this.draw();
    addEventListener("scroll", this.redraw, { passive: true });
    addEventListener("resize", () => { this.rowHeight = 1; this.top = -1; this.draw(); });
  }

  show(items) {
    this.items = items;
    this.top = -1;
    this.draw();
  }

  draw() {
    if (!this.element.isConnected) return removeEventListener("scroll", this.redraw);
    if (this.rowHeight === 1) this.rowHeight = parseFloat(getComputedStyle(this.element).getPropertyValue("--row")) * parseFloat(getComputedStyle(document.documentElement).fontSize);
    this.element.style.height = `${this.items.length * this.rowHeight}px`;
    const above = -this.element.getBoundingClientRect().top;
    const first = Math.max(0, Math.min(Math.floor(above / this.rowHeight) - 10, this.items.length - 1));
    const last = Math.min(this.items.length, first + Math.ceil(innerHeight / this.rowHeight) + 20);
    if (first === this.top && last === this.end) return;
    const focused = this.element.contains(document.activeElement) ? document.activeElement.closest("[data-index]")?.dataset.index : undefined;
    [this.top, this.end] = [first, last];
    const rows = [];
    for (let index = first; index < last; index += 1) {
      const row = h("div", { role: "listitem", "aria-setsize": this.items.length, "aria-posinset": index + 1, "data-index": index, class: "row" }, this.render(this.items[index], index));
      row.style.transform = `translateY(${index * this.rowHeight}px)`;
      rows.push(row);
    }
    this.element.replaceChildren(...rows);
    if (focused !== undefined) this.element.querySelector(`[data-index="${focused}"] a`)?.focus({ preventScroll: true });
  }

  focus(index) {
    const wanted = Math.max(0, Math.min(index, this.items.length - 1));
    const top = this.element.getBoundingClientRect().top + scrollY + wanted * this.rowHeight;
    if (top < scrollY + 80 || top + this.rowHeight > scrollY + innerHeight) scrollTo({ top: top - innerHeight / 3 });
    this.top = -1;
    this.draw();
    this.element.querySelector(`[data-index="${wanted}"] a`)?.focus({ preventScroll: true });
  }

  step(by) {
    const now = document.activeElement?.closest?.("[data-index]");
    this.focus(now && this.element.contains(now) ? Number(now.dataset.index) + by : 0);
  }
}
