"""`darebench tasks`: list, show and check."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from darebench.cli.command import command
from darebench.cli.options import Selection, StoreOption
from darebench.cli.output import Output, print_fields, print_json, print_line
from darebench.errors import TaskFormatError

if TYPE_CHECKING:
    from darebench.types import Task

app = typer.Typer(no_args_is_help=True, help="List, show and check the tasks of a store.")


@command(app, "list")
def tasks_list(*, selection: Selection, store: StoreOption = None, output: Output) -> None:
    """List tasks with their tracks and targets.

    Example: darebench tasks list "*_ts/cf" --store STORE
    """
    from darebench.store.read import open_store, select

    opened = open_store(store)
    chosen = select(
        opened.tasks,
        selection.tasks or [],
        family=selection.family,
        variant=selection.variant,
        limit=selection.limit,
        seed=selection.seed,
    )
    errors = [{"dataset": p.dataset, "message": p.message} for p in opened.problems]
    if output.as_json:
        rows, broken = _task_rows(chosen)
        errors += broken
        print_json({"tasks": [asdict(row) for row in rows], "errors": errors})
    else:
        for task in chosen:
            print_line(f"{task.id}  {task.track}  {', '.join(task.targets)}")
        for error in errors:
            output.note(f"{error['dataset']}: {error['message']}")
    if errors:
        raise typer.Exit(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class _TaskRow:
    """The documented form of a task."""

    id: str
    dataset: str
    variant: str
    family: str
    targets: list[str]
    files: list[str]
    train_rows: int | None
    test_rows: int | None
    domain: str | None


def _task_rows(tasks: Sequence[Task]) -> tuple[list[_TaskRow], list[dict[str, str]]]:
    """Return a row for each task, and the datasets whose files cannot be read."""
    from darebench.store.tables import measure_files

    rows: list[_TaskRow] = []
    broken: dict[str, str] = {}
    for task in tasks:
        sizes = measure_files(task)
        if sizes.problems:
            broken[task.dataset] = sizes.problems[0]
            continue
        rows.append(
            _TaskRow(
                id=task.id,
                dataset=task.dataset,
                variant=task.variant,
                family=task.family,
                targets=list(task.targets),
                files=list(task.files),
                train_rows=sizes.train,
                test_rows=sizes.test,
                domain=task.domain,
            )
        )
    return rows, [{"dataset": name, "message": text} for name, text in broken.items()]


@command(app, "show")
def tasks_show(
    task_id: Annotated[str, typer.Argument(metavar="ID", help="Id of the task.")],
    *,
    store: StoreOption = None,
    output: Output,
) -> None:
    """Show one task with its question.

    Example: darebench tasks show iris_class/if
    """
    from darebench.store.read import open_store

    task = open_store(store).task(task_id)
    rows, broken = _task_rows([task])
    if broken:
        raise TaskFormatError(broken[0]["message"])
    shown = {
        **asdict(rows[0]),
        "question": task.question,
        "licence": task.licence,
        "source": str(task.source),
    }
    print_fields(shown, as_json=output.as_json)


@command(app, "check")
def tasks_check(
    store: Annotated[
        str,
        typer.Argument(
            metavar="STORE", help="Store to check: a folder, an archive or hf://owner/name."
        ),
    ],
    *,
    output: Output,
) -> None:
    """Validate a store that was written by hand, and name everything that is wrong with it.

    Example: darebench tasks check my-store
    """
    from darebench.store.validate import validate_store

    problems = validate_store(store)
    if output.as_json:
        print_json({"schema": 1, "problems": [asdict(problem) for problem in problems]})
    else:
        for problem in problems:
            print_line(str(problem))
        output.note(f"problems in the format of {store}: {len(problems)}")
    if problems:
        raise typer.Exit(1)
