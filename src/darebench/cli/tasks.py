"""`darebench tasks`: list, show and check."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from darebench.cli.options import (
    FamilyOption,
    JsonOption,
    LimitOption,
    QuietOption,
    SeedOption,
    StoreOption,
    TasksArgument,
    VariantOption,
    note,
    print_json,
)

app = typer.Typer(no_args_is_help=True, help="List, show and check the tasks of a store.")


@app.command("list")
def tasks_list(
    patterns: TasksArgument = None,
    store: StoreOption = None,
    family: FamilyOption = None,
    variant: VariantOption = None,
    limit: LimitOption = None,
    seed: SeedOption = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
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
        errors += broken
        print_json({"tasks": rows, "errors": errors})
    else:
        for task in chosen:
            print(f"{task.id}  {task.track}  {', '.join(task.targets)}")
        for error in errors:
            note(f"{error['dataset']}: {error['message']}", quiet=quiet)
    if errors:
        raise typer.Exit(1)


def _task_rows(tasks: list[Any]) -> tuple[list[dict[str, Any]], list[dict[str, str]]]:
    from darebench.store.tables import measure_files

    rows: list[dict[str, Any]] = []
    broken: dict[str, str] = {}
    for task in tasks:
        sizes = measure_files(task)
        if sizes.problems:
            broken[task.dataset] = sizes.problems[0]
            continue
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
    return rows, [{"dataset": name, "message": text} for name, text in broken.items()]


@app.command("show")
def tasks_show(
    task_id: Annotated[str, typer.Argument(help="A task's id.")],
    store: StoreOption = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Show one task. Example: darebench tasks show iris_class/if"""
    from darebench.errors import TaskFormatError
    from darebench.store.read import open_store

    task = open_store(store).task(task_id)
    rows, broken = _task_rows([task])
    if broken:
        raise TaskFormatError(broken[0]["message"])
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


@app.command("check")
def tasks_check(
    store: Annotated[str, typer.Argument(help="A folder, an archive or hf://owner/name.")],
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Validate a hand-written store. Example: darebench tasks check my-store"""
    from dataclasses import asdict

    from darebench.store.validate import validate_store

    problems = validate_store(store)
    if as_json:
        print_json({"schema": 1, "problems": [asdict(problem) for problem in problems]})
    else:
        for problem in problems:
            print(problem)
        note(f"problems in the format of {store}: {len(problems)}", quiet=quiet)
    if problems:
        raise typer.Exit(1)
