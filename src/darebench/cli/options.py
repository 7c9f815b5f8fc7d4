"""Options and arguments that several commands share."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import typer

from darebench.types import Family, Variant

StoreOption = Annotated[
    str | None,
    typer.Option(
        "--store",
        metavar="STORE",
        show_default="the starter store",
        help="Store of the tasks: a folder, an archive, hf://owner/name, release (the benchmark's "
        "public evaluation data) or release:train (its training data).",
    ),
]
TasksArgument = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="TASKS",
        show_default="all tasks of the store",
        help="Tasks to take: ids, names of datasets, or globs of either.",
    ),
]
JobsOption = Annotated[
    int | None,
    typer.Option(
        "--jobs",
        min=1,
        metavar="N",
        show_default="one for each core",
        help="Number of programs that run at the same time.",
    ),
]
ClusterName = Literal["local", "ray"]
WarmOption = Annotated[
    list[str] | None,
    typer.Option(
        "--warm",
        metavar="MODULE",
        show_default="pandas, scikit-learn and what goes with them",
        help="Module that programs find imported, instead of the usual ones; it can be given "
        "several times.",
    ),
]
BaseUrlOption = Annotated[
    str | None,
    typer.Option(
        "--base-url",
        metavar="URL",
        show_default="the provider's own",
        help="Address of the OpenAI-compatible server that serves the model.",
    ),
]
RunOption = Annotated[
    Path | None,
    typer.Option(
        "--out",
        metavar="FOLDER",
        show_default="runs/MODEL-HASH",
        help="Folder of the run; if it holds an unfinished one, that is continued.",
    ),
]
FreshOption = Annotated[
    bool, typer.Option("--fresh", help="Set the folder's earlier run aside, and start over.")
]
HostOption = Annotated[
    str, typer.Option("--host", metavar="HOST", help="Name or address to listen on.")
]
PortOption = Annotated[
    int,
    typer.Option(
        "--port", min=0, max=65535, metavar="PORT", help="Port to listen on; 0 is any free one."
    ),
]
DryRunOption = Annotated[
    bool, typer.Option("--dry-run", help="Print what would be done, and do nothing.")
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which tasks of a store."""

    tasks: TasksArgument = None
    family: Annotated[
        Family | None,
        typer.Option(
            "--family", show_default="every family", help="Take only tasks of this family."
        ),
    ] = None
    variant: Annotated[
        Variant | None,
        typer.Option(
            "--variant", show_default="every variant", help="Take only tasks of this variant."
        ),
    ] = None
    limit: Annotated[
        int | None,
        typer.Option(
            "--limit",
            min=1,
            metavar="N",
            show_default="no limit",
            help="Largest number of tasks to take.",
        ),
    ] = None
    seed: Annotated[
        int | None,
        typer.Option(
            "--seed",
            metavar="N",
            show_default="the first ones",
            help="Random seed for choosing which --limit tasks to take.",
        ),
    ] = None
