"""An audit finds what was done to a store, and nothing in what curation made."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from darebench.audit.findings import Severity
from darebench.audit.store_audit import audit_store
from darebench.cli import app
from darebench.curate.curation_options import Options
from darebench.curate.pipeline import curate
from darebench.report.audit_text import audit_text
from darebench.report.page.audit_page import audit_page
from darebench.store.read import open_store


@pytest.fixture(scope="module")
def pristine(tables, tmp_path_factory) -> Path:
    return curate(
        str(tables), tmp_path_factory.mktemp("audit") / "out", options=Options(max_targets=1)
    ).store


@pytest.fixture
def store(pristine, tmp_path) -> Path:
    return Path(shutil.copytree(pristine, tmp_path / "store"))


def found(store: Path, *patterns: str) -> dict[str, set[str]]:
    """Task id -> names of checks that found more than a note."""
    return {
        task.id: {f.check for f in task.findings if f.severity is not Severity.NOTE}
        for task in audit_store(store, patterns).tasks
    }


def folder_of(store: Path, suffix: str) -> Path:
    return next(p for p in (store / "databases").iterdir() if p.name.endswith(suffix))


def test_nothing_is_found_in_what_was_made(pristine):
    audit = audit_store(pristine, jobs=2)
    assert {t.id: t.findings for t in audit.tasks if t.worst not in (None, Severity.NOTE)} == {}
    assert [t.id for t in audit.tasks] == [t.id for t in open_store(pristine).tasks]
    measured = {t.id: t.headroom for t in audit.tasks}
    assert all((room is None) == i.endswith("/if") for i, room in measured.items())
    entries = json.loads((pristine / "question_list.json").read_text())
    for entry in entries:
        for version, known in entry["headroom"].items():
            own = {"v1": "xf", "v2": "cf"} if entry["file_path"].endswith("_ts") else {"v2": "mm"}
            room = measured[f"{entry['file_path']}/{own[version]}"]
            assert room is not None
            assert known["floor"] == pytest.approx(room.floor, abs=1e-3)
            assert known["reference"] == pytest.approx(room.reference, abs=1e-3)


def test_a_broken_dataset_and_a_broken_file_are_findings(store):
    ts, reg = folder_of(store, "_ts"), folder_of(store, "_reg")
    (ts / "verify" / "all_metadata.json").unlink()
    (reg / "verify" / "ground_truth.csv").write_text("row_id,other\n1,2\n")
    checks = found(store)
    assert checks[ts.name] == {"broken"}
    assert checks[reg.name] == {"broken"}


def test_another_setting_than_the_text_says_is_found(store):
    path = folder_of(store, "_reg") / "verify" / "all_metadata.json"
    metadata = json.loads(path.read_text())
    metadata["question"]["selected_features"] = metadata["question"]["selected_features"][::-1]
    metadata["question"]["environment"] = {}
    path.write_text(json.dumps(metadata))
    (checks,) = found(store, "*_reg/if").values()
    assert checks == {"settings_lost", "environment"}


def test_a_clean_file_that_the_noisy_one_does_not_give_is_found(store):
    (path,) = (folder_of(store, "_reg") / "source").glob("train_v1_no_err.*")
    from darebench.store.tables import read_table
    from darebench.store.write import write_table

    frame = read_table(path).iloc[::-2]
    path.unlink()
    write_table(frame, path)
    (checks,) = found(store, "*_reg/if").values()
    assert "reference" in checks


def test_the_same_table_under_other_names_is_found(store):
    reg = folder_of(store, "_reg")
    twin = reg.with_name("someone_else_reg")
    shutil.copytree(reg, twin)
    path = twin / "verify" / "all_metadata.json"
    path.write_text(path.read_text().replace("tables/diabetes", "someone/else"))
    entries = json.loads((store / "question_list.json").read_text())
    (entry,) = [e for e in entries if e["file_path"] == reg.name]
    entries.append({**entry, "file_path": twin.name, "split": "other"})
    (store / "question_list.json").write_text(json.dumps(entries))
    audit = {t.id: t for t in audit_store(store).tasks}
    twins = [f for f in audit[f"{twin.name}/mm"].findings if f.check == "twin"]
    assert [(f.severity, f.figure) for f in twins] == [(Severity.DEFECT, 1.0)]
    assert not [f for f in audit[f"{reg.name}/mm"].findings if f.check == "twin"]


def test_the_command_prints_the_promised_json_and_a_page(store, tmp_path):
    page = tmp_path / "audit.html"
    broken = folder_of(store, "_reg")
    (broken / "verify" / "ground_truth.csv").write_text("nothing")
    command = ["audit", str(store), "--json", "--html", str(page), "--variant", "mm"]
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 1
    shown = json.loads(result.stdout)
    names = [t["id"] for t in shown["tasks"]]
    assert broken.name in names
    assert {name.partition("/")[2] for name in names if name != broken.name} <= {"mm"}
    for task in shown["tasks"]:
        assert {*task} == {
            "id",
            "findings",
            "floor",
            "reference",
            "band",
            "process_coverage",
            "targets",
            "agents",
        }
        assert task["agents"] is None
        assert task["process_coverage"] is None  # no IF task is asked for
        for target in task["targets"]:
            assert {*target} == {"target", "verdict", "reason"}
        for finding in task["findings"]:
            assert {*finding} == {"check", "severity", "figure", "message"}
    assert {*shown["store"]} == {
        "verdicts",
        "distinct",
        "headroom",
        "wording",
        "refused",
        "agents",
    }
    assert shown["store"]["refused"] is None
    assert "<!doctype html>" in page.read_text()


def test_progress_is_told_from_the_start_to_the_end(pristine):
    told: list[tuple[str, int, int]] = []
    audit_store(pristine, ["*/mm"], report=lambda *step: told.append(step))
    stages = [*dict.fromkeys(stage for stage, _, _ in told)]
    assert stages == ["tasks", "tables", "targets"]
    for stage in stages:
        steps = [(done, total) for name, done, total in told if name == stage]
        assert steps == sorted(steps)
        assert steps[-1][0] == steps[-1][1]
    assert told[0][1] == 0


def test_the_page_is_self_contained_and_escapes_what_a_store_says(store):
    reg = folder_of(store, "_reg")
    hostile = reg.with_name("<script>alert(1)<script>_reg")
    path = store / "question_list.json"
    path.write_text(path.read_text().replace(reg.name, hostile.name.replace('"', "")))
    audit = audit_store(store, ["*_ts/*"])
    page = audit_page(audit)
    assert "<script>alert" not in page
    assert audit_page(audit) == page
    assert "broken" in audit_text(audit)


def test_the_public_tasks_have_the_defects_that_were_measured(real_store):
    checks = found(real_store, "*_ts/*")
    assert sum("target_given_away" in c for i, c in checks.items() if i.endswith("/xf")) >= 8
    assert sum("strict_join" in c for c in checks.values()) >= 6
    assert sum("low_signal" in c for c in checks.values()) >= 5
    assert sum("twin" in c for c in checks.values()) >= 4
