"""Draws the house into its pages: the diagram, the rooms and the layers, read from the sources.

    python docs/draw_architecture.py

rewrites what stands between the markers in `docs/architecture.md` and `CONTRIBUTING.md`. The layers
come from `LAYERS` in `tests/test_layers.py`, the arrows from the imports, the sentences from the
docstrings. `tests/docs/test_architecture.py` fails while a page says something else.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "darebench"
GROUND = 2
"""So many first layers hold what every room may use; arrows to them would say nothing."""
DOORS = ("_registry", "__main__")
"""Doors for Inspect and for `python -m`; they are not rooms."""


def setting(name: str) -> object:
    """Return the value of a constant of `tests/test_layers.py`.

    Raises:
        LookupError: The test has no such constant.
    """
    tree = ast.parse((ROOT / "tests" / "test_layers.py").read_text(encoding="utf-8"))
    for node in tree.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == name:
            return ast.literal_eval(node.value)
    raise LookupError(f"tests/test_layers.py has no {name}")


def layers() -> list[tuple[str, ...]]:
    """Return the rooms of each layer, the ground first, without the doors."""
    rows = [tuple(r for r in row if r not in DOORS) for row in setting("LAYERS")]  # type: ignore[attr-defined]
    return [row for row in rows if row]


def files_of(room: str) -> list[Path]:
    """Return the modules of a room, which is a package or one module."""
    folder = PACKAGE / room
    return sorted(folder.rglob("*.py")) if folder.is_dir() else [folder.with_suffix(".py")]


def rooms_used(room: str) -> set[str]:
    """Return the other rooms that a room's modules import, also inside functions."""
    used = set()
    for path in files_of(room):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module:
                names = [f"{node.module}.{alias.name}" for alias in node.names]
            else:
                continue
            used |= {name.split(".")[1] for name in names if name.startswith("darebench.")}
    return used - {room}


def reduced(graph: dict[str, set[str]]) -> dict[str, set[str]]:
    """Return the graph without the arrows that others imply."""

    def reachable(room: str) -> set[str]:
        return graph[room].union(*(reachable(other) for other in graph[room]))

    return {
        room: used - set().union(*(reachable(other) for other in used))
        for room, used in graph.items()
    }


def diagram() -> str:
    """Return the Mermaid flowchart: a box for each layer, arrows from rooms to what they use."""
    rows = layers()[GROUND:]
    rooms = {room for row in rows for room in row}
    graph = {room: rooms_used(room) & rooms for room in sorted(rooms)}
    lines = ["```mermaid", "flowchart BT"]
    for number, row in enumerate(rows, GROUND + 1):
        lines += [f'  subgraph layer{number}[" "]', "    direction LR"]
        lines += [f"    {room}" for room in row]
        lines.append("  end")
    for room, used in reduced(graph).items():
        lines += [f"  {room} --> {other}" for other in sorted(used)]
    return "\n".join([*lines, "```"])


def sentence(room: str) -> str:
    """Return the first sentence of a room's docstring, on one line."""
    first = PACKAGE / room / "__init__.py"
    path = first if first.is_file() else PACKAGE / f"{room}.py"
    text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    return " ".join(text.split("\n\n")[0].split())


def room_table() -> str:
    """Return the rooms by layer, each with its sentence, as a Markdown table."""
    lines = ["| layer | room | what it says of itself |", "|---|---|---|"]
    for number, row in enumerate(layers(), 1):
        lines += [f"| {number} | `{room}` | {sentence(room)} |" for room in row]
    return "\n".join(lines)


def layer_list() -> str:
    """Return the layers as text, with the rooms that may read answers."""
    rows = ["  ".join(row) for row in layers()]
    truth = ", ".join(f"`{room}`" for room in sorted(setting("MAY_READ_TRUTH")))  # type: ignore[call-overload]
    return "\n".join(["```text", *rows, "```", "", f"Only {truth} may import `store.truth`."])


PAGES = {
    "docs/architecture.md": {"diagram": diagram, "rooms": room_table},
    "CONTRIBUTING.md": {"layers": layer_list},
}


def drawn(page: str) -> str:
    """Return a page's text with its drawn parts as the sources are now.

    Raises:
        LookupError: The page lacks the markers of a part.
    """
    text = (ROOT / page).read_text(encoding="utf-8")
    for name, draw in PAGES[page].items():
        pattern = re.compile(rf"(<!-- drawn: {name} -->\n).*?(<!-- end -->)", re.DOTALL)
        if not pattern.search(text):
            raise LookupError(f"{page} has no part <!-- drawn: {name} --> ... <!-- end -->")
        part = f"{draw()}\n"
        text = pattern.sub(lambda found, part=part: found[1] + part + found[2], text)
    return text


def main() -> None:
    """Rewrite the pages."""
    for page in PAGES:
        (ROOT / page).write_text(drawn(page), encoding="utf-8")


if __name__ == "__main__":
    main()
