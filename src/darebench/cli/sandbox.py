"""`darebench sandbox`: run, check and serve."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from darebench.cli.options import JsonOption, QuietOption, note, print_json
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
    quiet: QuietOption = False,
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
            note(f"darebench: {outcome.status}: {outcome.detail}", quiet=quiet)
    if outcome.status != "ok":
        raise typer.Exit(1)


@app.command("check")
def sandbox_check(as_json: JsonOption = False, quiet: QuietOption = False) -> None:
    """Say what the sandbox covers on this machine. Example: darebench sandbox check"""
    from dataclasses import asdict

    from darebench.sandbox.selfcheck import check

    findings = check()
    if as_json:
        print_json({"findings": [asdict(finding) for finding in findings]})
    else:
        for finding in findings:
            state = "covered" if finding.covered else "MISSING"
            print(f"{state}  {finding.name}  {finding.detail}".rstrip())
    if not all(finding.covered for finding in findings):
        raise typer.Exit(1)


@app.command("serve")
def sandbox_serve(
    host: Annotated[str, typer.Option("--host")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="0: any free one.")] = 8080,
    slots: Annotated[
        int | None, typer.Option("--slots", min=1, help="Programs at the same time.")
    ] = None,
    queue: Annotated[int, typer.Option("--queue", min=0, help="Calls that may wait.")] = 64,
    token_file: Annotated[
        Path | None,
        typer.Option("--token-file", help="Holds the token; else DAREBENCH_SANDBOX_TOKEN does."),
    ] = None,
    seconds: Annotated[
        float, typer.Option("--seconds", min=0.1, help="Longest run_timeout.")
    ] = 3600.0,
    memory: Annotated[int, typer.Option("--memory", min=64, help="MB for a program.")] = 8192,
    body: Annotated[int, typer.Option("--body", min=1, help="MB for a request.")] = 300,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Serve SandboxFusion's POST /run_code. Example: darebench sandbox serve --port 8080"""
    import logging

    from darebench.sandbox import Limits

    try:
        from darebench.sandbox.http.listen import serve
        from darebench.sandbox.http.server import ServerSettings
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        raise ConfigError(f"the server needs {package}: pip install 'darebench[server]'") from None
    token = os.environ.get("DAREBENCH_SANDBOX_TOKEN")
    if token_file is not None:
        token = token_file.read_text(encoding="utf-8").strip()
    if token == "":
        raise ConfigError("the token is empty; write one into the file, or unset the variable")
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(asctime)s %(message)s")
    level = logging.WARNING if quiet else logging.INFO
    logging.getLogger("darebench.sandbox.server").setLevel(level)
    settings = ServerSettings(
        slots=slots or os.cpu_count() or 1,
        queue=queue,
        token=token,
        seconds=seconds,
        body_mb=body,
        limits=Limits(memory_mb=memory),
        pod_name=os.environ.get("MY_POD_NAME"),
    )

    def ready(url: str) -> None:
        print(json.dumps({"url": url}) if as_json else f"serving on {url}", flush=True)

    serve(host, port, settings, ready=ready)
