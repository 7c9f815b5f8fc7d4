"""How far long work is."""

from __future__ import annotations

from darebench.cli.progress import show_progress


def test_progress_without_a_terminal_is_a_line_at_the_start_and_at_the_end_of_a_stage(capsys):
    with show_progress(quiet=False) as report:
        for done in range(4):
            report("tables", done, 3)
        report("tables", 3, 3)
        report("tasks", 1, 1, "2 refused")
    lines = capsys.readouterr().err.splitlines()
    assert [line.partition(" s: ")[2] for line in lines] == [
        "tables 0/3", "tables 3/3", "tasks 1/1 2 refused",
    ]  # fmt: skip
