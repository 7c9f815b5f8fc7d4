"""The demonstration's folder: one holder, one recipe, and no stage twice."""

from __future__ import annotations

import json

import pytest

from darebench.errors import ConfigError
from darebench.train.demo.stages import Recipe, open_stages


def run(recipe: Recipe, name: str = "first") -> list[str]:
    with open_stages(recipe) as stages:
        stages.run(name, lambda: {"steps": 3})
        return stages.done


def test_a_stage_is_done_once_and_its_record_stays(tmp_path):
    recipe = Recipe(out=tmp_path / "demo")
    assert run(recipe) == ["first"]
    record = json.loads((tmp_path / "demo" / "first.json").read_text())
    assert (record["stage"], record["steps"]) == ("first", 3)
    assert run(recipe) == []
    assert run(recipe, "second") == ["second"]


def test_a_stage_that_fails_is_done_again(tmp_path):
    recipe = Recipe(out=tmp_path / "demo")
    with pytest.raises(ZeroDivisionError), open_stages(recipe) as stages:
        stages.run("first", lambda: {"steps": 1 // 0})
    assert run(recipe) == ["first"]


def test_two_demonstrations_with_one_folder_refuse(tmp_path):
    recipe = Recipe(out=tmp_path / "demo")
    with open_stages(recipe), pytest.raises(ConfigError, match="another process is at work"):
        run(recipe)


def test_a_moved_demonstration_continues_and_another_recipe_is_refused(tmp_path):
    run(Recipe(out=tmp_path / "demo"))
    (tmp_path / "demo").rename(tmp_path / "moved")
    assert run(Recipe(out=tmp_path / "moved")) == []
    with pytest.raises(ConfigError, match=r"another demonstration \(seed 0 there, 1 here\)"):
        run(Recipe(out=tmp_path / "moved", seed=1))
    with pytest.raises(ConfigError, match=r"scale 1\.0 there, 0\.5 here"):
        run(Recipe(out=tmp_path / "moved", scale=0.5))
