"""The command that installs what is missing, from wherever this darebench was installed.

A package index need not have darebench, and an environment need not be an activated one: the
command names what is there.
"""

from __future__ import annotations

import importlib.util
import json
import re
import shlex
import shutil
import sys
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from urllib.parse import unquote, urlsplit

NAME = "darebench"
ROOT = Path(__file__).resolve().parents[2]
"""The checkout, if this module runs from one."""


OPTIONAL = {
    **dict.fromkeys(
        ("huggingface_hub", "inspect_ai", "jinja2", "openai", "skrub", "statsmodels"), "bench"
    ),
    **dict.fromkeys(("prometheus_client", "starlette", "uvicorn"), "server"),
    "mcp": "mcp",
    "ray": "ray",
}
"""Package that an installation may lack -> the extra that brings it."""


def missing_extra(error: ModuleNotFoundError) -> str | None:
    """Return the sentence that says what to install, or None if no extra brings what is missing."""
    package = (error.name or "").partition(".")[0]
    if package not in OPTIONAL:
        return None
    return f"this needs {package}: {install_command(extra=OPTIONAL[package])}"


def install_command(*packages: str, extra: str | None = None) -> str:
    """Return the shell command that installs packages into the environment of this interpreter.

    Args:
        packages: Requirements that stand for themselves.
        extra: An extra of darebench. It is asked for where darebench itself came from: the checkout
            that it runs from, or the file, folder, repository or index that it was installed from.
    """
    words = [*packages, *(_extra(extra) if extra else ())]
    return " ".join([*_installer(), *(shlex.quote(word) for word in words)])


def _installer() -> list[str]:
    """Return how to install into this environment, which need not be activated or hold pip."""
    python = shlex.quote(_shown(Path(sys.executable)))
    if importlib.util.find_spec("pip") is None:
        return ["uv pip install --python", python]
    found = shutil.which("pip")
    if found is not None and Path(found).parent == Path(sys.executable).parent:
        return ["pip install"]
    return [python, "-m pip install"]


def _extra(extra: str) -> list[str]:
    """Return the arguments that ask for an extra."""
    if _is_checkout():
        return ["-e", f"{_shown(ROOT)}[{extra}]"]
    try:
        installed = distribution(NAME)
    except PackageNotFoundError:
        return [f"{NAME}[{extra}]"]
    origin = json.loads(installed.read_text("direct_url.json") or "{}")
    url = urlsplit(origin.get("url", ""))
    if url.scheme == "file":
        path = Path(unquote(url.path))
        return [f"{_shown(path)}[{extra}]"] if path.exists() else _requirements(installed, extra)
    if "vcs_info" in origin:
        vcs = origin["vcs_info"]
        return [f"{NAME}[{extra}] @ {vcs['vcs']}+{origin['url']}@{vcs['commit_id']}"]
    return [f"{NAME}[{extra}]" + (f" @ {origin['url']}" if url.scheme else "")]


def _is_checkout() -> bool:
    settings = ROOT / "pyproject.toml"
    return settings.is_file() and f'name = "{NAME}"' in settings.read_text(encoding="utf-8")


def _requirements(installed: Distribution, extra: str) -> list[str]:
    """Return what an extra asks for, where the file that darebench came from is gone."""
    wanted = re.compile(rf"""extra == ['"]{re.escape(extra)}['"]""")
    lines = [line.partition(";") for line in installed.requires or ()]
    return [requirement.strip() for requirement, _, marker in lines if wanted.search(marker)]


def _shown(path: Path) -> str:
    """Return a path from the working directory on, or the whole one if it lies elsewhere."""
    here = Path.cwd()
    if not path.is_relative_to(here):
        return str(path)
    inside = path.relative_to(here)
    return str(inside) if len(inside.parts) != 1 else f"./{inside}"
