"""Publishing, with the hub's own client against a server that speaks its API."""

from __future__ import annotations

import csv
import json
import shutil
import subprocess

import pytest
from huggingface_hub import constants

from cli.running import darebench as run_command
from darebench.errors import ConfigError, StoreError
from darebench.publish.push import prepare
from darebench.store.read import open_store
from sites import Hub

pytest.importorskip("mlcroissant")
pytestmark = pytest.mark.filterwarnings("default")  # mlcroissant's own dependencies warn


def darebench(url: str, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    # The client has read its endpoint from the environment when it was imported.
    form = url + "/{repo_id}/resolve/{revision}/{filename}"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(constants, "ENDPOINT", url)
        patch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", form)
        patch.setattr(constants, "HF_HUB_DISABLE_XET", True)
        return run_command(*arguments, env={"HF_TOKEN": "hf_good", **more})


def test_a_store_goes_to_the_hub_and_comes_back(store, tmp_path):
    with Hub() as hub:
        hub.failures["/commit/"] = [(400, {})]
        call = ("push", str(store), "--to", "me/tasks", "--private", "--json")
        broken = darebench(hub.url, *call)
        assert (broken.returncode, broken.stdout) == (2, "")
        assert "the same command continues" in broken.stderr
        sent = len([m for m, p, _ in hub.requests if m == "PUT"])
        done = darebench(hub.url, *call)
        assert done.returncode == 0, done.stderr
        assert sent == len([m for m, p, _ in hub.requests if m == "PUT"]) > 0
        made = json.loads(done.stdout)
        assert made["url"] == f"{hub.url}/datasets/me/tasks"
        files = hub.repos["me/tasks"]
        assert hub.private["me/tasks"]
        assert {
            "README.md",
            "LICENSES.csv",
            "croissant.json",
            "SHA256SUMS",
            "question_list.json",
        } <= set(files)
        assert not [n for n in files if "simulated_pred" in n or ".DS_Store" in n or "notes" in n]
        assert made["files"] == len(files) - 5  # four documents, .gitattributes
        listed = darebench(hub.url, "tasks", "list", "--store", "hf://me/tasks", "--json",
                           DAREBENCH_CACHE=str(tmp_path / "cache"))  # fmt: skip
        assert listed.returncode == 0, listed.stderr
        assert len(json.loads(listed.stdout)["tasks"]) == 12
        copy = tmp_path / "copy"
        for name, content in files.items():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            (copy / name).write_bytes(content)
        checked = subprocess.run(["sha256sum", "--check", "--quiet", "SHA256SUMS"], cwd=copy)
        assert checked.returncode == 0
        gone = next(p for p in (store / "databases").iterdir() if p.name.endswith("_reg"))
        entries = json.loads((store / "question_list.json").read_text())
        kept = [e for e in entries if e["file_path"] != gone.name]
        (store / "question_list.json").write_text(json.dumps(kept))
        shutil.rmtree(gone)
        assert darebench(hub.url, *call).returncode == 0
        assert not [n for n in hub.repos["me/tasks"] if gone.name in n]


@pytest.mark.parametrize(
    ("name", "token", "words"),
    [
        ("me/tasks", "", "set HF_TOKEN"),
        ("me/tasks", "hf_bad", "must be allowed"),
        ("tasks", "hf_good", "form owner/name"),
    ],
)
def test_what_the_hub_refuses_is_one_sentence(store, tmp_path, name, token, words):
    with Hub() as hub:
        more = {"HF_TOKEN": token, "HF_HOME": str(tmp_path / "hf")}
        done = darebench(hub.url, "push", str(store), "--to", name, **more)
    assert (done.returncode, done.stdout) == (2, "")
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_a_dry_run_writes_valid_documents_and_asks_nobody(store, tmp_path):
    import mlcroissant

    out = tmp_path / "docs"
    made = prepare(str(store), "me/tasks", out)
    assert [path.name for path in made.documents] == [
        "README.md",
        "LICENSES.csv",
        "croissant.json",
        "SHA256SUMS",
    ]
    first = {path.name: path.read_bytes() for path in made.documents}
    prepare(str(store), "me/tasks", out)
    assert {path.name: path.read_bytes() for path in made.documents} == first
    shutil.copy(store / "question_list.json", out)
    dataset = mlcroissant.Dataset(jsonld=out / "croissant.json")
    assert dataset.metadata.issues.report() == ""
    records = list(dataset.records("tasks"))
    assert {r["tasks/file_path"].decode() for r in records} == {
        t.dataset for t in open_store(store).tasks
    }
    rows = list(csv.DictReader((out / "LICENSES.csv").read_text().splitlines()))
    assert {row["dataset"] for row in rows} == {t.dataset for t in open_store(store).tasks}
    assert all(row["license"] and row["title"] for row in rows)


def test_documents_are_not_written_over_other_files(store, tmp_path):
    (tmp_path / "README.md").write_text("of a project")
    with pytest.raises(ConfigError, match="holds other files"):
        prepare(str(store), "me/tasks", tmp_path)
    assert (tmp_path / "README.md").read_text() == "of a project"


def test_dry_run_and_out_belong_together(store, tmp_path):
    done = darebench("http://127.0.0.1:9", "push", str(store), "--to", "a/b", "--dry-run")
    assert done.returncode == 2
    assert "--out FOLDER" in done.stderr


def test_links_out_of_a_store_are_not_published(store, tmp_path):
    (tmp_path / "private.txt").write_text("secret")
    folder = next((store / "databases").glob("*_reg")) / "verify"
    (folder / "more.txt").symlink_to(tmp_path / "private.txt")
    with pytest.raises(StoreError, match="link out of the store"):
        prepare(str(store), "me/tasks", tmp_path / "docs")


def test_datasets_beside_databases_are_not_lost_in_silence(store, tmp_path):
    folder = next((store / "databases").glob("*_reg"))
    folder.rename(store / folder.name)
    assert not open_store(store).problems
    with pytest.raises(StoreError, match="nothing else is published"):
        prepare(str(store), "me/tasks", tmp_path / "docs")
