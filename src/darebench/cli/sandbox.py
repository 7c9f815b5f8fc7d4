"""`darebench sandbox`: run, check and serve."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from darebench.cli.command import command, server_missing
from darebench.cli.options import ClusterName, HostOption, PortOption, WarmOption
from darebench.cli.output import Output, print_json, print_line
from darebench.errors import ConfigError

if TYPE_CHECKING:
    from darebench.sandbox import LocalExecutor
    from darebench.sandbox.attacks.run import AttackResult

app = typer.Typer(no_args_is_help=True, help="Run Python code in the sandbox.")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgramOptions:
    """What goes into a program's call, and what may come out."""

    load: Annotated[
        list[str] | None,
        typer.Option(
            "--load",
            metavar="NAME=PATH",
            show_default="none",
            help="File that the program finds as NAME; it can be given several times.",
        ),
    ] = None
    save: Annotated[
        list[str] | None,
        typer.Option(
            "--save",
            metavar="NAME",
            show_default="none",
            help="File of the program to keep; it can be given several times.",
        ),
    ] = None
    out: Annotated[
        Path, typer.Option("--out", metavar="FOLDER", help="Folder for the files that are kept.")
    ] = Path()
    seconds: Annotated[
        float,
        typer.Option(
            "--seconds",
            min=0.1,
            metavar="SECONDS",
            help="Wall-clock limit of the program in seconds.",
        ),
    ] = 200.0
    memory: Annotated[
        int,
        typer.Option(
            "--memory",
            min=64,
            metavar="MB",
            help="Memory limit of all its processes, in megabytes.",
        ),
    ] = 8192


@command(app, "run")
def sandbox_run(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Python file to run.")],
    *,
    program: ProgramOptions,
    unsafe: Annotated[
        bool,
        typer.Option("--unsafe", help="Run it even if this machine cannot hide its own files."),
    ] = False,
    warm: WarmOption = None,
    output: Output,
) -> None:
    """Run a Python file in the sandbox.

    Example: darebench sandbox run code.py --load a.csv=data/a.csv
    """
    from darebench.sandbox import Limits, LocalExecutor, Program, Saved

    executor = LocalExecutor(1, warm=warm, allow_unsafe=unsafe)
    try:
        _tell_warm(executor, output)
        outcome = executor.execute_now(
            Program(
                code=file.read_text(encoding="utf-8"),
                load=_files(program.load),
                save=tuple(program.save or ()),
                save_to=program.out,
                limits=Limits(wall_s=program.seconds, memory_mb=program.memory),
            )
        )
    finally:
        executor.close_now()
    if output.as_json:
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
            output.note(f"darebench: {outcome.status}: {outcome.detail}")
    if outcome.status != "ok":
        raise typer.Exit(1)


def _tell_warm(executor: LocalExecutor, output: Output) -> None:
    """Report what was asked to be imported ahead of programs, and what that took."""
    if executor.warm is not None:
        from darebench.sandbox.local import told

        output.note(told(executor.warmed()))


def _files(load: list[str] | None) -> dict[str, Path]:
    """Return the files to load, by their names inside."""
    pairs = [item.partition("=") for item in load or []]
    if any(not path for _, _, path in pairs):
        raise ConfigError("--load takes NAME=PATH")
    return {name: Path(path) for name, _, path in pairs}


@command(app, "check")
def sandbox_check(
    *,
    attack: Annotated[
        bool, typer.Option("--attack", help="Run every known attack too, in half a minute or so.")
    ] = False,
    output: Output,
) -> None:
    """Show what the sandbox covers on this machine.

    Example: darebench sandbox check --attack
    """
    from dataclasses import asdict

    from darebench.sandbox.selfcheck import check

    findings = check()
    works = all(finding.covered for finding in findings)
    if not output.as_json:
        for finding in findings:
            state = "covered" if finding.covered else "MISSING"
            print_line(f"{state}  {finding.name}  {finding.detail}")
    results = _attack(output) if attack else []
    held = sum(result.held for result in results)
    if output.as_json:
        attacks = {"attacks": [asdict(result) for result in results], "held": held}
        shown = {"findings": [asdict(finding) for finding in findings]}
        print_json(shown | attacks if attack else shown)
    elif attack:
        for result in results:
            if not result.held:
                print_line(f"ESCAPED  {result.kind}: {result.name}  {result.detail}")
        print_line(f"{held} of {len(results)} attacks held")
    if not works or held < len(results):
        raise typer.Exit(1)


def _attack(output: Output) -> list[AttackResult]:
    from darebench.cli.progress import show_progress
    from darebench.sandbox.attacks.run import try_attacks

    with show_progress(output.quiet) as show:
        return try_attacks(lambda done, total: show("attacks", done, total))


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerOptions:
    """Where a server listens, and what it takes."""

    host: HostOption = "127.0.0.1"
    port: PortOption = 8080
    slots: Annotated[
        int | None,
        typer.Option(
            "--slots",
            min=1,
            metavar="N",
            show_default="one for each core",
            help="Number of programs that run at the same time.",
        ),
    ] = None
    queue: Annotated[
        int, typer.Option("--queue", min=0, metavar="N", help="Number of calls that may wait.")
    ] = 64
    token_file: Annotated[
        Path | None,
        typer.Option(
            "--token-file",
            metavar="FILE",
            show_default="the variable DAREBENCH_SANDBOX_TOKEN",
            help="File that holds the token which clients must send.",
        ),
    ] = None
    seconds: Annotated[
        float,
        typer.Option(
            "--seconds",
            min=0.1,
            metavar="SECONDS",
            help="Longest run_timeout that a call may ask for, in seconds.",
        ),
    ] = 3600.0
    memory: Annotated[
        int,
        typer.Option(
            "--memory", min=64, metavar="MB", help="Memory limit of a program, in megabytes."
        ),
    ] = 8192
    body: Annotated[
        int,
        typer.Option("--body", min=1, metavar="MB", help="Largest request, in megabytes."),
    ] = 300
    warm: WarmOption = None
    sessions: Annotated[
        int,
        typer.Option(
            "--sessions", min=0, metavar="N", help="Number of sessions that may be open at a time."
        ),
    ] = 64
    cluster: Annotated[
        ClusterName,
        typer.Option(
            "--cluster",
            help="Who serves: this process, or replicas on the Ray cluster at RAY_ADDRESS, else on "
            "one that is started here.",
        ),
    ] = "local"
    replicas: Annotated[
        int | None,
        typer.Option(
            "--replicas",
            min=1,
            metavar="N",
            show_default="as many as the cluster has room for",
            help="The most replicas on a Ray cluster; their number follows the queue.",
        ),
    ] = None
    idle: Annotated[
        float,
        typer.Option(
            "--idle",
            min=1.0,
            metavar="SECONDS",
            help="Seconds without a request after which a session is closed.",
        ),
    ] = 600.0


@command(app, "serve")
def sandbox_serve(
    *,
    server: ServerOptions,
    output: Output,
) -> None:
    """Serve the sandbox over HTTP: SandboxFusion's POST /run_code, and sessions.

    Example: darebench sandbox serve --port 8080
    """
    import logging

    from darebench.cores import usable_cores
    from darebench.sandbox import Limits

    try:
        from darebench.sandbox.http.listen import serve
        from darebench.sandbox.http.server import ServerSettings
    except ModuleNotFoundError as error:
        raise server_missing(error) from None
    token = _token(server.token_file)
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(asctime)s %(message)s")
    level = logging.WARNING if output.quiet else logging.INFO
    logging.getLogger("darebench.sandbox.server").setLevel(level)
    settings = ServerSettings(
        slots=server.slots or usable_cores(),
        queue=server.queue,
        token=token,
        seconds=server.seconds,
        body_mb=server.body,
        limits=Limits(memory_mb=server.memory),
        pod_name=os.environ.get("MY_POD_NAME"),
        sessions=server.sessions,
        idle_s=server.idle,
        warm=None if server.warm is None else tuple(server.warm),
    )

    def ready(url: str) -> None:
        print(json.dumps({"url": url}) if output.as_json else f"serving on {url}", flush=True)

    if server.cluster == "ray":
        try:
            from darebench.sandbox.http.cluster import serve_on_ray
        except ModuleNotFoundError as error:
            raise server_missing(error, "ray") from None
        serve_on_ray(server.host, server.port, settings, replicas=server.replicas, ready=ready)
    else:
        serve(server.host, server.port, settings, ready=ready, say=output.note)


def _token(file: Path | None) -> str | None:
    """Return the token of a file, or that of the environment."""
    token = os.environ.get("DAREBENCH_SANDBOX_TOKEN")
    if file is not None:
        token = file.read_text(encoding="utf-8").strip()
    if token == "":
        raise ConfigError("the token is empty; write one into the file, or unset the variable")
    return token


@command(app, "mcp")
def sandbox_mcp(
    *,
    load: Annotated[
        list[str] | None,
        typer.Option(
            "--load",
            metavar="NAME=PATH",
            show_default="none",
            help="File that every session finds as NAME; it can be given several times.",
        ),
    ] = None,
    seconds: Annotated[
        float,
        typer.Option(
            "--seconds",
            min=0.1,
            metavar="SECONDS",
            help="Wall-clock limit of a program or a step in seconds.",
        ),
    ] = 200.0,
    memory: Annotated[
        int,
        typer.Option(
            "--memory",
            min=64,
            metavar="MB",
            help="Memory limit of a program, or of a session and its forks, in megabytes.",
        ),
    ] = 8192,
    warm: WarmOption = None,
) -> None:
    """Serve the sandbox to an MCP client over the standard streams.

    Example: darebench sandbox mcp --load a.csv=data/a.csv
    """
    from darebench.sandbox import Limits, LocalExecutor
    from darebench.sandbox.names import problem_with_files

    try:
        from darebench.sandbox.mcp_server import build
    except ModuleNotFoundError as error:
        raise server_missing(error, "mcp") from None
    limits = Limits(wall_s=seconds, memory_mb=memory)
    files = _files(load)
    problem = problem_with_files(files, limits)
    if problem is not None:
        raise ConfigError(problem)
    executor = LocalExecutor(warm=warm)
    executor.start_now()
    build(executor, limits, files).run()
