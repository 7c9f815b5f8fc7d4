"""`darebench sandbox`: run and check."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from darebench.cli.options import JsonOption, print_json
from darebench.errors import ConfigError

app = typer.Typer(no_args_is_help=True, help="Run Python closed in.")


@app.command("run")
def sandbox_run(
    file: Annotated[Path, typer.Argument(help="A Python file.")],
    load: Annotated[list[str] | None, typer.Option("--load", help="NAME=PATH, repeatable.")] = None,
    save: Annotated[list[str] | None, typer.Option("--save", help="NAME, repeatable.")] = None,
    out: Annotated[Path, typer.Option("--out", help="Where saved files go.")] = Path(),
    seconds: Annotated[float, typer.Option("--seconds", min=0.1)] = 200.0,
    memory: Annotated[int, typer.Option("--memory", min=64, help="MB.")] = 8192,
    unsafe: Annotated[
        bool, typer.Option("--unsafe", help="Run even if this machine cannot hide its files.")
    ] = False,
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
        allow_unsafe=unsafe,
    )
    if as_json:
        files = {
            name: {"bytes": f.n_bytes, "path": str(f.path)}
            if isinstance(f, Saved)
            else {"refused": f.why}
            for name, f in outcome.files.items()
        }
        print_json(
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


@app.command("check")
def sandbox_check(as_json: JsonOption = False) -> None:
    """Say what the sandbox covers on this machine. Example: darebench sandbox check"""
    from dataclasses import asdict

    from darebench.sandbox.check import check

    findings = check()
    if as_json:
        print_json({"findings": [asdict(finding) for finding in findings]})
    else:
        for finding in findings:
            state = "covered" if finding.covered else "MISSING"
            print(f"{state}  {finding.name}  {finding.detail}".rstrip())
    if not all(finding.covered for finding in findings):
        raise typer.Exit(1)
