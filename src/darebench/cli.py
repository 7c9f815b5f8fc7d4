"""The command line: arguments in, one function call, one printed result."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from darebench.errors import ConfigError, DareError, StoreError
from darebench.types import Family, Variant

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="Evaluate and train LLM agents on verifiable data-science tasks (arXiv 2602.24288).",
)
tasks_app = typer.Typer(no_args_is_help=True, help="List and show the tasks of a store.")
sandbox_app = typer.Typer(no_args_is_help=True, help="Run Python closed in.")
app.add_typer(tasks_app, name="tasks")
app.add_typer(sandbox_app, name="sandbox")

StoreOption = Annotated[
    str | None,
    typer.Option(
        "--store", help="A folder, an archive or hf://owner/name; else the starter store."
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
QuietOption = Annotated[bool, typer.Option("--quiet", help="Print no progress.")]
TasksArgument = Annotated[
    list[str] | None, typer.Argument(help="Task ids, dataset names or globs; all without one.")
]
FamilyOption = Annotated[Family | None, typer.Option("--family")]
VariantOption = Annotated[Variant | None, typer.Option("--variant")]
LimitOption = Annotated[int | None, typer.Option("--limit", min=1, help="At most so many tasks.")]
SeedOption = Annotated[int | None, typer.Option("--seed", help="Of a random choice of --limit.")]
JobsOption = Annotated[
    int | None, typer.Option("--jobs", min=1, help="Programs that run at the same time.")
]


def main() -> None:
    """Run the command line; every expected failure is one sentence and an exit code."""
    try:
        app()
    except (ConfigError, StoreError) as error:
        _fail(str(error), 2)
    except DareError as error:
        _fail(str(error), 1)
    except KeyboardInterrupt:
        _fail("interrupted; the same command continues", 130)
    except OSError as error:
        _fail(f"{error.filename or 'the system'}: {error.strerror or error}", 2)


def _fail(message: str, code: int) -> None:
    print(f"darebench: {message}", file=sys.stderr)
    raise SystemExit(code)


def _print_json(value: object) -> None:
    print(json.dumps(value, ensure_ascii=False, indent=1))


@tasks_app.command("list")
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
        _print_json({"tasks": rows, "errors": errors + broken})
    else:
        for task in chosen:
            print(f"{task.id}  {task.column}  {', '.join(task.targets)}")
        for error in errors:
            print(f"{error['dataset']}: {error['message']}", file=sys.stderr)
    if errors:
        raise typer.Exit(1)


def _task_rows(tasks: list[Any]) -> tuple[list[dict[str, Any]], list[dict[str, str]]]:
    from darebench.errors import TaskFormatError
    from darebench.store.tables import count_rows

    rows, broken = [], []
    for task in tasks:
        sizes: dict[str, int] = {}
        for name in task.files:
            part = "train" if name.startswith("train") else "test" if name.startswith("val") else ""
            if part:
                try:
                    sizes[part] = count_rows(task.source / name)
                except TaskFormatError as error:
                    broken.append({"dataset": task.dataset, "message": str(error)})
        rows.append(
            {
                "id": task.id,
                "dataset": task.dataset,
                "variant": task.variant,
                "family": task.family,
                "targets": list(task.targets),
                "files": list(task.files),
                "train_rows": sizes.get("train"),
                "test_rows": sizes.get("test"),
                "domain": task.domain,
            }
        )
    return rows, broken


@tasks_app.command("show")
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
        _print_json(shown)
        return
    for name, value in shown.items():
        text = ", ".join(value) if isinstance(value, list) else value
        print(f"{name}: {text}")


@app.command()
def score(
    prediction: Annotated[Path | None, typer.Argument(help="A prediction.csv.")] = None,
    task: Annotated[str | None, typer.Option("--task", help="The task's id.")] = None,
    batch: Annotated[
        Path | None, typer.Option("--batch", help="A folder of <dataset>/<variant>/prediction.csv.")
    ] = None,
    store: StoreOption = None,
    release_rules: Annotated[
        bool, typer.Option("--release-rules", help="Score as the public release does.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Score one prediction, or a folder. Example: darebench score p.csv --task iris_class/mm"""
    from darebench.evals.batch import score_batch, score_one

    if (prediction is None) == (batch is None) or (prediction is not None and task is None):
        raise ConfigError("give one prediction with --task ID, or --batch DIR")
    if batch is not None:
        result = score_batch(batch, store, release_rules=release_rules)
        _print_json(result) if as_json else _print_columns(result["columns"])
        return
    assert prediction is not None
    assert task is not None
    result = score_one(prediction, task, store, release_rules=release_rules)
    if as_json:
        _print_json(result)
        return
    print(f"{result['task']}: {result['score']:.4f}")
    if result["reason"]:
        print(result["reason"]["message"])


def _print_columns(columns: dict[str, dict[str, Any]]) -> None:
    for name, column in columns.items():
        mean, error = column["mean"], column["stderr"]
        figure = "unscored" if mean is None else f"{100 * mean:6.2f}"
        spread = f" +- {100 * error:.2f}" if error is not None else ""
        counts = ", ".join(f"{k} {column[k]}" for k in ("n", "answered", "unscored") if k in column)
        print(f"{name:9} {figure}{spread}  ({counts})")


@app.command()
def reference(
    patterns: TasksArgument = None,
    store: StoreOption = None,
    check: Annotated[bool, typer.Option("--check", help="Prove that the text gives them.")] = False,
    out: Annotated[Path | None, typer.Option("--out", help="Copy the answers here.")] = None,
    jobs: JobsOption = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Compute the answers of IF tasks. Example: darebench reference --check --store STORE"""
    from darebench.evals.references import compute

    with _progress(quiet or as_json) as report:
        result = compute(store, patterns or [], check=check, out=out, slots=jobs, progress=report)
    if as_json:
        _print_json(result)
    else:
        for row in result["tasks"]:
            state = "ok" if row["ok"] else "FAILED"
            print(f"{state:7} {row['id']}  {row['seconds']:.2f} s  {row['detail']}")
        print(f"environment {result['environment']['hash']}")
    if not all(row["ok"] for row in result["tasks"]):
        raise typer.Exit(1)


@sandbox_app.command("run")
def sandbox_run(
    file: Annotated[Path, typer.Argument(help="A Python file.")],
    load: Annotated[list[str] | None, typer.Option("--load", help="NAME=PATH, repeatable.")] = None,
    save: Annotated[list[str] | None, typer.Option("--save", help="NAME, repeatable.")] = None,
    out: Annotated[Path, typer.Option("--out", help="Where saved files go.")] = Path(),
    seconds: Annotated[float, typer.Option("--seconds", min=0.1)] = 200.0,
    memory: Annotated[int, typer.Option("--memory", min=64, help="MB.")] = 8192,
    as_json: JsonOption = False,
) -> None:
    """Run a Python file closed in. Example: darebench sandbox run code.py --load a.csv=a.csv"""
    from darebench.sandbox import Limits, Saved, run_python

    pairs = [item.partition("=") for item in load or []]
    if any(not path for _, _, path in pairs):
        raise ConfigError("--load takes NAME=PATH")
    outcome = run_python(
        file.read_text(encoding="utf-8"),
        load={name: Path(path) for name, _, path in pairs},
        save=save or (),
        save_to=out,
        limits=Limits(wall_s=seconds, memory_mb=memory),
    )
    if as_json:
        files = {
            name: {"bytes": f.n_bytes, "path": str(f.path)}
            if isinstance(f, Saved)
            else {"refused": f.why}
            for name, f in outcome.files.items()
        }
        _print_json(
            {
                "status": outcome.status,
                "exit_code": outcome.exit_code,
                "stdout": outcome.stdout,
                "stderr": outcome.stderr,
                "seconds": round(outcome.seconds, 4),
                "files": files,
            }
        )
    else:
        print(outcome.stdout, end="")
        print(outcome.stderr, end="", file=sys.stderr)
        if outcome.detail:
            print(f"darebench: {outcome.status}: {outcome.detail}", file=sys.stderr)
    if outcome.status != "ok":
        raise typer.Exit(1)


@sandbox_app.command("check")
def sandbox_check(as_json: JsonOption = False) -> None:
    """Say what the sandbox covers on this machine. Example: darebench sandbox check"""
    from dataclasses import asdict

    from darebench.sandbox.check import check

    findings = check()
    if as_json:
        _print_json({"findings": [asdict(finding) for finding in findings]})
    else:
        for finding in findings:
            state = "covered" if finding.covered else "MISSING"
            print(f"{state}  {finding.name}  {finding.detail}".rstrip())
    if not all(finding.covered for finding in findings):
        raise typer.Exit(1)


@app.command("eval")
def evaluate(
    patterns: TasksArgument = None,
    store: StoreOption = None,
    model: Annotated[
        str, typer.Option("--model", help="baseline, or an Inspect model such as openai/gpt-5.")
    ] = "baseline",
    family: FamilyOption = None,
    variant: VariantOption = None,
    limit: LimitOption = None,
    seed: SeedOption = None,
    epochs: Annotated[int, typer.Option("--epochs", min=1, help="Attempts at each task.")] = 1,
    turns: Annotated[int, typer.Option("--turns", min=1)] = 5,
    seconds: Annotated[float, typer.Option("--seconds", min=1, help="Limit of each call.")] = 200.0,
    base_url: Annotated[
        str | None, typer.Option("--base-url", help="Of an OpenAI-compatible server.")
    ] = None,
    model_args: Annotated[
        list[str] | None, typer.Option("-M", help="NAME=VALUE for the model's provider.")
    ] = None,
    temperature: Annotated[float | None, typer.Option("--temperature")] = None,
    top_p: Annotated[float | None, typer.Option("--top-p")] = None,
    top_k: Annotated[int | None, typer.Option("--top-k")] = None,
    max_tokens: Annotated[int | None, typer.Option("--max-tokens", help="Of one turn.")] = None,
    max_retries: Annotated[int | None, typer.Option("--max-retries", help="Of a request.")] = None,
    token_limit: Annotated[int | None, typer.Option("--token-limit", help="Of an attempt.")] = None,
    time_limit: Annotated[int | None, typer.Option("--time-limit", help="Of an attempt.")] = None,
    out: Annotated[Path | None, typer.Option("--out", help="The run's folder.")] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Start over.")] = False,
    jobs: JobsOption = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Run an agent over tasks and score it. Example: darebench eval --model openai/gpt-5"""
    from darebench.evals.run import EvalConfig
    from darebench.evals.run import evaluate as run_evaluation
    from darebench.evals.summary import as_json as summary_json
    from darebench.report.html import write_page
    from darebench.report.terminal import print_run

    options = {"temperature": temperature, "top_p": top_p, "max_tokens": max_tokens}
    options |= {"max_retries": max_retries}
    generation: dict[str, Any] = {k: v for k, v in options.items() if v is not None}
    if top_k is not None:  # OpenAI-compatible servers only get it in the body
        is_compatible = model.startswith(("openai-api/", "vllm/", "sglang/"))
        generation |= {"extra_body": {"top_k": top_k}} if is_compatible else {"top_k": top_k}
    config = EvalConfig(
        store=store,
        model=model,
        tasks=tuple(patterns or ()),
        family=family,
        variant=variant,
        limit=limit,
        seed=seed,
        epochs=epochs,
        turns=turns,
        seconds=seconds,
        base_url=base_url,
        model_args=dict(_pair(item) for item in model_args or []),
        generation=generation,
        token_limit=token_limit,
        time_limit=time_limit,
    )
    with _progress(quiet or as_json) as report:
        run = run_evaluation(config, out=out, fresh=fresh, slots=jobs, progress=report)
    page = write_page(run.folder)
    if as_json:
        _print_json(summary_json(run))
    else:
        print_run(run.folder)
        print(f"run: {run.folder}\npage: {page}")
    if run.unscored or run.missing:
        raise typer.Exit(1)


def _pair(text: str) -> tuple[str, Any]:
    name, found, value = text.partition("=")
    if not found:
        raise ConfigError(f"-M takes NAME=VALUE, got {text!r}")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


@app.command()
def report(
    runs: Annotated[list[Path], typer.Argument(help="Run folders.")],
    form: Annotated[
        str, typer.Option("--format", help="terminal, html, md, tex or csv.")
    ] = "terminal",
    out: Annotated[Path | None, typer.Option("--out", help="Write to this file.")] = None,
) -> None:
    """Render runs as tables or a page. Example: darebench report runs/a runs/b --format md"""
    from darebench.report.render import render

    text = render(runs, form)
    if out is None:
        print(text, end="")
    else:
        out.write_text(text, encoding="utf-8")


@contextmanager
def _progress(quiet: bool) -> Iterator[Any]:
    """Show how far long work is, on stderr."""
    if quiet:
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as bars:
        known: dict[str, Any] = {}

        def report(stage: str, done: int, total: int) -> None:
            if stage not in known:
                known[stage] = bars.add_task(stage, total=total)
            bars.update(known[stage], completed=done)

        yield report
