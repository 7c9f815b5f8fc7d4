"""What messages tell people to install can be installed."""

from __future__ import annotations

import json
import re
import shlex
import sys
import tomllib
from importlib.metadata import PathDistribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from darebench import installing
from darebench.installing import install_command

ROOT = Path(__file__).parents[1]
SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
SOURCES = sorted((ROOT / "src").rglob("*.py"))


def words(command: str) -> list[str]:
    """Return what a command installs."""
    return shlex.split(command.partition(" install ")[2])


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """Return what makes this darebench one that was installed from somewhere."""

    def install(origin: dict | None) -> None:
        folder = tmp_path / "darebench-0.1.0.dist-info"
        folder.mkdir()
        extras = SETTINGS["optional-dependencies"].items()
        lines = [f"Requires-Dist: {r}; extra == '{e}'" for e, all_of in extras for r in all_of]
        (folder / "METADATA").write_text("\n".join(["Name: darebench", "Version: 0.1.0", *lines]))
        if origin is not None:
            (folder / "direct_url.json").write_text(json.dumps(origin))
        monkeypatch.setattr(installing, "ROOT", tmp_path)
        monkeypatch.setattr(installing, "distribution", lambda name: PathDistribution(folder))

    return install


def test_in_a_checkout_the_checkout_is_named(monkeypatch, tmp_path):
    monkeypatch.chdir(ROOT)
    assert words(install_command(extra="server")) == ["-e", ".[server]"]
    assert words(install_command("torch==2.13.0", extra="train"))[0] == "torch==2.13.0"
    monkeypatch.chdir(tmp_path)
    assert words(install_command(extra="server")) == ["-e", f"{ROOT}[server]"]


def test_where_it_was_installed_from_a_file_the_file_is_named(installed, tmp_path, monkeypatch):
    wheel = tmp_path / "my wheels" / "darebench-0.1.0-py3-none-any.whl"
    wheel.parent.mkdir()
    wheel.touch()
    installed({"url": wheel.as_uri(), "archive_info": {}})
    assert words(install_command(extra="server")) == [f"{wheel}[server]"]
    monkeypatch.chdir(wheel.parent)
    assert words(install_command(extra="server")) == [f"./{wheel.name}[server]"]


def test_where_that_file_is_gone_the_packages_are_named(installed, tmp_path):
    installed({"url": (tmp_path / "gone.whl").as_uri(), "archive_info": {}})
    assert words(install_command(extra="server")) == SETTINGS["optional-dependencies"]["server"]


@pytest.mark.parametrize(
    ("origin", "url"),
    [
        (None, None),
        ({"url": "https://example.org/d.whl", "archive_info": {}}, "https://example.org/d.whl"),
        (
            {"url": "https://example.org/d.git", "vcs_info": {"vcs": "git", "commit_id": "abc"}},
            "git+https://example.org/d.git@abc",
        ),
    ],
)
def test_elsewhere_it_is_a_requirement_as_pip_reads_it(origin, url, installed):
    installed(origin)
    (word,) = words(install_command(extra="server"))
    wanted = Requirement(word)
    assert (wanted.name, wanted.extras, wanted.url) == ("darebench", {"server"}, url)


def test_the_installer_is_that_of_this_environment(monkeypatch, tmp_path):
    python = Path(sys.executable)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    assert shlex.split(install_command("x"))[:3] == [str(python), "-m", "pip"]
    monkeypatch.setattr(installing.shutil, "which", lambda name: str(python.with_name(name)))
    assert install_command("x") == "pip install x"
    monkeypatch.setattr(installing.importlib.util, "find_spec", lambda name: None)
    assert install_command("x") == f"uv pip install --python {shlex.quote(str(python))} x"


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_no_message_spells_out_what_to_install(path):
    text = path.read_text(encoding="utf-8")
    if path.stem != "installing":
        assert not re.search(r"(?<!RUN )pip install|darebench\[", text)  # an image's recipe may
    known = set(SETTINGS["optional-dependencies"])
    assert set(re.findall(r"install_command\([^)]*extra=['\"](\w+)", text)) <= known
