"""`darebench tasks`: list and show."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer

from darebench.cli.options import (
    FamilyOption,
    JsonOption,
    LimitOption,
    SeedOption,
    StoreOption,
    TasksArgument,
    VariantOption,
    print_json,
)

app = typer.Typer(no_args_is_help=True, help="List and show the tasks of a store.")


@app.command("list")
def tasks_list(
    patterns: TasksArgument = None,
    store: StoreOption = None,
    family: FamilyOption = None,
    variant: VariantOption = None,
    limit: LimitOption = None,
    seed: SeedOption = None,
    as_json: JsonOption = False,
) -> None:
    """List tasks. Example: darebench tasks list "*_ts/cf" --store STORE"""
    from darebench.store.read import open_store, select

    opened = open_store(store)
    chosen = select(
        opened.tasks, patterns or [], family=family, variant=variant, limit=limit, seed=seed
    )
    errors = [{"dataset": p.dataset, "message": p.message} for p in opened.problems]
    if as_json:
        rows, broken = _task_rows(chosen)
        print_json({"tasks": rows, "errors": errors + broken})
    else:
        for task in chosen:
            print(f"{task.id}  {task.column}  {', '.join(task.targets)}")
        for error in errors:
            print(f"{error['dataset']}: {error['message']}", file=sys.stderr)
    if errors:
        raise typer.Exit(1)


def _task_rows(tasks: list[Any]) -> tuple[list[dict[str, Any]], list[dict[str, str]]]:
    from darebench.store.tables import measure_files

    rows, broken = [], []
    for task in tasks:
        sizes = measure_files(task)
        broken += [{"dataset": task.dataset, "message": problem} for problem in sizes.problems]
        rows.append(
            {
                "id": task.id,
                "dataset": task.dataset,
                "variant": task.variant,
                "family": task.family,
                "targets": list(task.targets),
                "files": list(task.files),
                "train_rows": sizes.train,
                "test_rows": sizes.test,
                "domain": task.domain,
            }
        )
    return rows, broken


@app.command("show")
def tasks_show(
    task_id: Annotated[str, typer.Argument(help="A task's id.")],
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show one task. Example: darebench tasks show iris_class/if"""
    from darebench.store.read import open_store

    task = open_store(store).task(task_id)
    rows, _ = _task_rows([task])
    shown = {
        **rows[0],
        "question": task.question,
        "licence": task.licence,
        "source": str(task.source),
    }
    if as_json:
        print_json(shown)
        return
    for name, value in shown.items():
        text = ", ".join(value) if isinstance(value, list) else value
        print(f"{name}: {text}")
