"""The command line: arguments in, one function call, one printed result."""

from __future__ import annotations

import errno
import logging
import os
import sys
from typing import Annotated, Any

import typer
from typer.core import TyperOption

from darebench.cli import (
    audit,
    compare,
    convert,
    curate,
    export,
    push,
    reference,
    report,
    reward,
    rollouts,
    sandbox,
    score,
    select,
    stats,
    sweep,
    tasks,
    train,
    view,
)
from darebench.cli import eval as evaluation
from darebench.cli.command import add_command
from darebench.errors import (
    ConfigError,
    DareError,
    ReferenceMismatch,
    StoreError,
    TaskFormatError,
)
from darebench.installing import missing_extra

_log = logging.getLogger(__name__)
NAME = "darebench"
INTERRUPTED = 130
_GO_ON = "interrupted; what is done is kept, and the same command continues"

app = typer.Typer(
    name=NAME,
    no_args_is_help=True,
    epilog="Shell completion: darebench --install-completion, or --show-completion.",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(on: bool) -> None:
    if on:
        import darebench

        print(f"{NAME} {darebench.__version__}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool,
        typer.Option(
            "--version", is_eager=True, callback=_print_version, help="Print the version and exit."
        ),
    ] = False,
) -> None:
    """Evaluate and train LLM agents on verifiable data-science tasks (arXiv 2602.24288)."""


add_command(app, "eval", evaluation.evaluate)
app.add_typer(tasks.app, name="tasks")
add_command(app, "score", score.score)
add_command(app, "reference", reference.reference)
app.add_typer(sandbox.app, name="sandbox")
add_command(app, "report", report.report)
add_command(app, "compare", compare.compare)
add_command(app, "view", view.view)
add_command(app, "sweep", sweep.sweep)
add_command(app, "curate", curate.curate)
add_command(app, "audit", audit.audit)
add_command(app, "stats", stats.stats)
add_command(app, "push", push.push)
add_command(app, "rollouts", rollouts.rollouts)
add_command(app, "select", select.select)
add_command(app, "export", export.export)
app.add_typer(convert.app, name="convert")
app.add_typer(train.app, name="train")
app.add_typer(reward.app, name="reward")


def build_command() -> Any:
    """Return the command `darebench`; the options for completion are left to the last line."""
    built = typer.main.get_command(app)
    for parameter in built.params:
        if parameter.name in ("install_completion", "show_completion") and isinstance(
            parameter, TyperOption
        ):
            parameter.hidden = True
    return built


def main() -> None:
    """Run the command line; every expected failure is one sentence and an exit code."""
    try:
        build_command()(prog_name=NAME)
    except SystemExit as end:
        if end.code == INTERRUPTED:  # Typer has turned the interruption into this
            print(f"{NAME}: {_GO_ON}", file=sys.stderr)
        raise
    except (ConfigError, StoreError, TaskFormatError, ReferenceMismatch) as error:
        _fail(str(error), 2)
    except DareError as error:
        _fail(str(error), 1)
    except ModuleNotFoundError as error:
        said = missing_extra(error)
        if said is None:
            raise
        _fail(said, 2)
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
    _log.info("the command failed", exc_info=True)
    print(f"{NAME}: {message}", file=sys.stderr)
    raise SystemExit(code)
