"""Writes docs/cli.md from the commands themselves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import typer

from darebench.cli import build_command

HEAD = """\
# The command line

Every command, as `darebench COMMAND --help` prints it; a test holds this page to the commands
(`pytest tests/cli/test_page.py --update-golden` writes it). [quickstart](quickstart.md) shows the
commands at work.

## What all commands share

- `--json` prints one JSON document on stdout; progress and notes go to stderr. `--quiet` leaves these
  out, `-v` adds a log.
- Exit codes: 0 done; 1 what was asked about does not hold, for example a check that failed or an attempt
  that could not be scored; 2 wrong usage or unusable input; 130 interrupted, and the same command
  continues.
- `darebench --version` prints the version, and `-h` is short for `--help`. `darebench
  --install-completion` makes bash, zsh or fish complete commands, options and choices;
  `--show-completion` only prints what it would install.

## Settings in a file

`eval`, `rollouts` and `curate` read their options from a TOML file, too:

```toml
model = "openai-api/local/qwen3"
base_url = "http://localhost:8000/v1"
tasks = ["*_ts/cf"]
epochs = 3

[generation]          # whatever Inspect's GenerateConfig takes
temperature = 0.7

[model_args]          # whatever the model's provider takes
```

```
darebench eval -c settings.toml --set epochs=1 --dry-run
```

A key is an option's name in snake case, and `tasks` or `source` are the arguments. The command line wins
over `--set`, which wins over the file. The `config.toml` in the folder of a run or a curation is such a
file: `darebench eval -c runs/a/config.toml --out runs/b` makes the same run again. `--dry-run` says what
would be done, and whether the folder's work would be continued, without asking a model, starting a
sandbox or making a folder.

## Commands
"""


def page() -> str:
    """Return the whole page."""
    return HEAD + "".join(_sections(build_command(), ("darebench",)))


def _sections(group: Any, words: tuple[str, ...]) -> Iterator[str]:
    for name, command in group.commands.items():
        path = (*words, name)
        if hasattr(command, "commands"):
            yield from _sections(command, path)
            continue
        title = " ".join(path)
        context = typer.Context(
            command, info_name=title, terminal_width=80, help_option_names=["-h", "--help"]
        )
        shown = command.get_help(context)
        yield f"\n### {title}\n\n```text\n{shown}\n```\n"
