"""Folders of work: one holder at a time, one piece of work, wherever it lies."""

from __future__ import annotations

import json
import multiprocessing
import os
from dataclasses import replace

import pytest

from darebench.errors import ConfigError
from darebench.work import Record, Work, claimed, differences, held, set_aside


def work(asked="all", root="/here", version="1") -> Work:
    config = Record(
        value={"schema": 1, "config": {"tasks": [asked]}, "store": {"root": root, "hash": "ab"}},
        notes=frozenset(("store.root",)),
    )
    return Work(
        kind="run", records={"config.json": config, "env.json": Record(value={"python": version})}
    )


def test_the_same_work_goes_on_and_its_records_stay(tmp_path):
    with claimed(tmp_path / "run", work()) as goes_on:
        assert not goes_on
    before = (tmp_path / "run" / "config.json").read_bytes()
    with claimed(tmp_path / "run", work(root="/elsewhere")) as goes_on:
        assert goes_on
    assert (tmp_path / "run" / "config.json").read_bytes() == before


def test_a_moved_folder_goes_on(tmp_path):
    with claimed(tmp_path / "a", work()):
        pass
    (tmp_path / "a").rename(tmp_path / "b")
    with claimed(tmp_path / "b", work()) as goes_on:
        assert goes_on


@pytest.mark.parametrize(
    ("other", "said"),
    [
        (work(asked="one"), r'config\.tasks \["all"\] there, \["one"\] here'),
        (work(version="2"), "python 1 there, 2 here"),
    ],
)
def test_other_work_is_refused_by_what_differs(tmp_path, other, said):
    with claimed(tmp_path / "run", work()):
        pass
    with pytest.raises(ConfigError, match=said), claimed(tmp_path / "run", other):
        pytest.fail("it was let in")


def test_a_folder_in_which_nothing_has_begun_is_free_for_other_work(tmp_path):
    folder, made = tmp_path / "run", tmp_path / "run" / "made"
    with claimed(folder, work()):
        pass
    other = replace(work(asked="one", version="2"), has_begun=lambda folder: made.exists())
    with claimed(folder, other) as goes_on:
        assert not goes_on
    assert json.loads((folder / "config.json").read_text())["config"] == {"tasks": ["one"]}
    assert json.loads((folder / "env.json").read_text()) == {"python": "2"}
    made.touch()
    with (
        pytest.raises(ConfigError, match="holds another run"),
        claimed(folder, replace(other, records=work().records)),
    ):
        pytest.fail("it was let in")


def test_other_files_are_refused_and_kept(tmp_path):
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(ConfigError, match="holds other files"), claimed(tmp_path, work()):
        pytest.fail("it was let in")
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


@pytest.mark.parametrize("content", ["", "[]", "{", "\xff"])
def test_an_unreadable_record_is_one_sentence(tmp_path, content):
    (tmp_path / "config.json").write_bytes(content.encode("latin-1"))
    with pytest.raises(ConfigError, match=r"config\.json"), claimed(tmp_path, work()):
        pytest.fail("it was let in")


def test_a_held_folder_is_not_moved(tmp_path):
    folder = tmp_path / "run"
    with claimed(folder, work()):
        (folder / "result").write_text("mine")
        with (
            pytest.raises(ConfigError, match="another process is at work"),
            claimed(folder, work(asked="one"), fresh=True),
        ):
            pytest.fail("it was let in")
        assert (folder / "result").read_text() == "mine"
        assert not folder.with_name("run.old1").exists()


def test_fresh_sets_what_was_there_aside(tmp_path):
    for number in range(3):
        with claimed(tmp_path / "run", work(asked=str(number)), fresh=True) as goes_on:
            assert not goes_on
    kept = [
        json.loads((tmp_path / n / "config.json").read_text()) for n in ("run.old1", "run.old2")
    ]
    assert [value["config"]["tasks"] for value in kept] == [["0"], ["1"]]


def test_a_link_to_a_held_folder_is_held(tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "run")
    with held(tmp_path / "run"), pytest.raises(ConfigError), held(tmp_path / "link"):
        pytest.fail("it was let in")


def hold(folder, ready, done):
    with held(folder):
        ready.set()
        done.wait(30)


def test_a_killed_holder_leaves_the_folder_free(tmp_path):
    context = multiprocessing.get_context("spawn")
    ready, done = context.Event(), context.Event()
    holder = context.Process(target=hold, args=(tmp_path / "run", ready, done))
    holder.start()
    assert ready.wait(60)
    with pytest.raises(ConfigError), held(tmp_path / "run"):
        pytest.fail("it was let in")
    holder.kill()
    holder.join()
    with held(tmp_path / "run"):
        pass


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes into any folder")
def test_a_mount_point_holds_its_own_lock(tmp_path):
    folder = tmp_path / "parent" / "run"
    folder.mkdir(parents=True)
    folder.parent.chmod(0o555)
    try:
        with held(folder):
            assert (folder / ".lock").is_file()
    finally:
        folder.parent.chmod(0o755)


def test_nothing_is_set_aside_where_nothing_is(tmp_path):
    assert set_aside(tmp_path / "run") is None


def test_differences_name_both_values_and_leave_notes_out():
    known = {"a": {"b": 1, "path": "/x"}, "gone": True}
    now = {"a": {"b": 2, "path": "/y"}, "new": "text"}
    assert differences(known, now, frozenset(("a.path",))) == [
        "a.b 1 there, 2 here",
        "new null there, text here",
        "gone true there, null here",
    ]
