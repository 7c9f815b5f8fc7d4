"""A training's folder: one holder, one training, wherever it and what it is made from lie."""

from __future__ import annotations

import json
import tomllib

import pytest

from darebench.errors import ConfigError
from darebench.train.config import GrpoConfig, SftConfig
from darebench.train.read_config import load_config
from darebench.train.training_folder import (
    claimed_folder,
    hash_of,
    last_checkpoint,
    training_folder,
)

VERSIONS = {"torch": "2"}


@pytest.fixture(autouse=True)
def no_libraries_needed(monkeypatch):
    """Let the record of versions be made where the extra `train` is not installed."""
    monkeypatch.setattr("darebench.train.training_folder.version", lambda name: "1")


@pytest.fixture
def config(tmp_path):
    (tmp_path / "rows.jsonl").write_text("{}\n")
    model = tmp_path / "model"
    model.mkdir()
    (model / "config.json").write_text("{}")
    (model / "model.safetensors").write_bytes(b"weights")
    return {
        "model": str(model),
        "data": str(tmp_path / "rows.jsonl"),
        "out": str(tmp_path / "run"),
    }


def checkpoint(folder, step: int = 3):
    made = folder / f"checkpoint-{step}"
    made.mkdir()
    (made / "trainer_state.json").write_text(json.dumps({"global_step": step}))
    return made


def enter(config, **changed):
    """Enter the folder and leave it; return the checkpoint that was found."""
    with training_folder(SftConfig(**config | changed)) as found:
        return found


def test_two_trainings_with_one_folder_refuse(config, tmp_path):
    with training_folder(SftConfig(**config)):
        before = sorted(path.name for path in (tmp_path / "run").iterdir())
        with pytest.raises(ConfigError, match="another process is at work"):
            enter(config, seed=1)
        assert sorted(path.name for path in (tmp_path / "run").iterdir()) == before
    enter(config, seed=1)  # nothing was made of the first one


def test_other_processes_of_a_launch_neither_hold_nor_write(config, tmp_path, monkeypatch):
    with training_folder(SftConfig(**config)):
        made = checkpoint(tmp_path / "run")
        monkeypatch.setenv("RANK", "1")
        assert enter(config) == made
        assert enter(config, out=str(tmp_path / "other")) is None
    assert not (tmp_path / "other").exists()


def test_a_moved_folder_continues(config, tmp_path):
    enter(config)
    checkpoint(tmp_path / "run")
    (tmp_path / "run").rename(tmp_path / "moved")
    found = enter(config, out=str(tmp_path / "moved"))
    assert found == tmp_path / "moved" / "checkpoint-3"


def test_data_and_a_model_that_were_moved_continue_and_other_content_is_refused(config, tmp_path):
    enter(config)
    checkpoint(tmp_path / "run")
    (tmp_path / "rows.jsonl").rename(tmp_path / "data.jsonl")
    (tmp_path / "model").rename(tmp_path / "base")
    moved = {"data": str(tmp_path / "data.jsonl"), "model": str(tmp_path / "base")}
    assert enter(config, **moved) is not None
    (tmp_path / "data.jsonl").write_text("{}\n{}\n")
    with pytest.raises(ConfigError, match=r"holds another training \(sources\.data "):
        enter(config, **moved)
    (tmp_path / "data.jsonl").write_text("{}\n")
    (tmp_path / "base" / "model.safetensors").write_bytes(b"other weights")
    with pytest.raises(ConfigError, match=r"holds another training \(sources\.model "):
        enter(config, **moved)


def test_a_hub_model_is_the_name_that_was_asked_for(config, tmp_path):
    enter(config, model="Qwen/Qwen3-4B")
    checkpoint(tmp_path / "run")
    assert enter(config, model="Qwen/Qwen3-4B") is not None
    with pytest.raises(ConfigError, match=r"sources\.model Qwen/Qwen3-4B there, Qwen/Qwen3-8B"):
        enter(config, model="Qwen/Qwen3-8B")


def test_a_store_at_another_place_is_told_by_its_hash(tmp_path):
    config = GrpoConfig(model="m", out=str(tmp_path / "run"), store="a/store")
    with training_folder(config, {"store": "ab", "tasks": "cd"}, {"scorer": "ef"}):
        checkpoint(tmp_path / "run")
    moved = GrpoConfig(model="m", out=str(tmp_path / "run"), store="another/store")
    with training_folder(moved, {"store": "ab", "tasks": "cd"}, {"scorer": "ef"}) as found:
        assert found is not None
    for sources, versions, said in (
        ({"store": "xx", "tasks": "cd"}, {"scorer": "ef"}, r"sources\.store ab there, xx here"),
        ({"store": "ab", "tasks": "xx"}, {"scorer": "ef"}, r"sources\.tasks cd there, xx here"),
        ({"store": "ab", "tasks": "cd"}, {"scorer": "xx"}, "scorer ef there, xx here"),
    ):
        with pytest.raises(ConfigError, match=said), training_folder(moved, sources, versions):
            pytest.fail("it was let in")


def test_another_configuration_takes_a_folder_without_checkpoint_or_model_only(config, tmp_path):
    enter(config)
    enter(config, lora=None, seed=1)
    (tmp_path / "run" / "final").mkdir()
    with pytest.raises(ConfigError, match=r"holds another training \(seed 1 there, 0 here\)"):
        enter(config)
    (tmp_path / "run" / "final").rmdir()
    checkpoint(tmp_path / "run")
    with pytest.raises(ConfigError, match="give another out, or remove the folder"):
        enter(config)


def test_a_configuration_that_is_not_a_trainings_is_kept(tmp_path):
    path = tmp_path / "model" / "config.json"
    path.parent.mkdir()
    path.write_text('{"model_type": "qwen3"}')
    with (
        pytest.raises(ConfigError, match="holds another training"),
        claimed_folder(path.parent, {"schema": 1}, VERSIONS),
    ):
        pytest.fail("it was let in")
    assert path.read_text() == '{"model_type": "qwen3"}'


def test_the_folder_keeps_settings_that_can_be_asked_for_again(config, tmp_path):
    asked = SftConfig(**config, max_steps=4)
    with training_folder(asked):
        kept = tmp_path / "run" / "config.toml"
        assert "lora" not in tomllib.loads(kept.read_text())
        assert load_config(SftConfig, kept) == asked


def test_a_checkpoint_that_was_cut_off_is_not_one(tmp_path):
    first = checkpoint(tmp_path, 9)
    (checkpoint(tmp_path, 10) / "trainer_state.json").write_text('{"global')
    assert last_checkpoint(tmp_path) == first


def test_what_a_checkpoint_keeps_for_continuing_is_not_its_content(tmp_path):
    folder = checkpoint(tmp_path, 1)
    (folder / "model.safetensors").write_bytes(b"weights")
    before = hash_of(str(folder))
    (folder / "optimizer.pt").write_bytes(b"moments")
    assert hash_of(str(folder)) == before
    (folder / "tokenizer.json").write_text("{}")
    assert hash_of(str(folder)) != before
