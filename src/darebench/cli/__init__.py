"""The command line: arguments in, one function call, one printed result."""

from __future__ import annotations

import errno
import os
import sys

import typer

from darebench.cli import (
    auditing,
    curating,
    evaluating,
    publishing,
    sandbox,
    scoring,
    tasks,
    train,
    training,
)
from darebench.errors import (
    ConfigError,
    DareError,
    ReferenceMismatch,
    StoreError,
    TaskFormatError,
)

INTERRUPTED = 130
_GO_ON = "interrupted; what is done is kept, and the same command continues"

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="Evaluate and train LLM agents on verifiable data-science tasks (arXiv 2602.24288).",
)
app.command("eval")(evaluating.evaluate)
app.add_typer(tasks.app, name="tasks")
app.command("score")(scoring.score)
app.command("reference")(scoring.reference)
app.add_typer(sandbox.app, name="sandbox")
app.command("report")(evaluating.report)
app.command("curate")(curating.curate)
app.command("audit")(auditing.audit)
app.command("stats")(curating.stats)
app.command("push")(publishing.push)
app.command("rollouts")(training.rollouts)
app.command("select")(training.select)
app.command("export")(training.export)
app.add_typer(train.app, name="train")
app.add_typer(train.reward_app, name="reward")


def main() -> None:
    """Run the command line; every expected failure is one sentence and an exit code."""
    try:
        app()
    except SystemExit as end:
        if end.code == INTERRUPTED:  # Typer has turned the interruption into this
            print(f"darebench: {_GO_ON}", file=sys.stderr)
        raise
    except (ConfigError, StoreError, TaskFormatError, ReferenceMismatch) as error:
        _fail(str(error), 2)
    except DareError as error:
        _fail(str(error), 1)
    except KeyboardInterrupt:
        _fail(_GO_ON, INTERRUPTED)
    except BrokenPipeError:  # whoever read our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        if error.errno == errno.ENOSPC:
            place = f"{error.filename}: " if error.filename else ""
            _fail(f"{place}no space left on the disk; make room and give the same command", 2)
        _fail(f"{error.filename or 'the system'}: {error.strerror or error}", 2)


def _fail(message: str, code: int) -> None:
    print(f"darebench: {message}", file=sys.stderr)
    raise SystemExit(code)
