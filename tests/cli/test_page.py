"""docs/cli.md says what the commands say."""

from __future__ import annotations

from pathlib import Path

from cli.page import page

PAGE = Path(__file__).parents[2] / "docs" / "cli.md"


def test_the_reference_of_the_command_line_is_that_of_the_commands(request):
    if request.config.getoption("--update-golden"):
        PAGE.write_text(page(), encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == page()
