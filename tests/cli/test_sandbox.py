"""`darebench sandbox`."""

from __future__ import annotations

import json

from cli.running import darebench


def test_sandbox_run_gives_status_output_and_files(tmp_path):
    program = tmp_path / "p.py"
    program.write_text("print(open('a').read())\nopen('b', 'w').write('x')")
    (tmp_path / "given").write_text("hello")
    done = darebench(
        "sandbox", "run", str(program), "--load", f"a={tmp_path / 'given'}", "--save", "b",
        "--save", "c", "--out", str(tmp_path), "--json",
    )  # fmt: skip
    result = json.loads(done.stdout)
    assert (result["status"], result["exit_code"], result["stdout"]) == ("ok", 0, "hello\n")
    assert result["files"]["b"] == {"bytes": 1, "path": str(tmp_path / "b")}
    assert result["files"]["c"] == {"refused": "the program did not write it"}


def test_sandbox_check_finds_everything_covered():
    done = darebench("sandbox", "check", "--json")
    findings = json.loads(done.stdout)["findings"]
    assert [f for f in findings if not f["covered"]] == []
    assert len(findings) > 10
