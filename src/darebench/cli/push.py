"""`darebench push`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from darebench.cli.output import Output, print_json
from darebench.errors import ConfigError


def push(
    store: Annotated[
        str, typer.Argument(metavar="STORE", help="Store to publish: a folder or an archive.")
    ],
    *,
    to: Annotated[
        str, typer.Option("--to", metavar="OWNER/NAME", help="Dataset on the Hugging Face hub.")
    ],
    private: Annotated[
        bool, typer.Option("--private", help="Make the dataset private, if it is a new one.")
    ] = False,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Upload nothing; write the store's documents to --out."),
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            metavar="FOLDER",
            show_default="needed with --dry-run only",
            help="Folder that --dry-run writes the documents to.",
        ),
    ] = None,
    output: Output,
) -> None:
    """Publish a store, with its card, on the Hugging Face hub.

    Example: darebench push curation/store --to me/tasks
    """
    if dry_run != (out is not None):
        raise ConfigError("--dry-run and --out FOLDER belong together; give both or neither")
    from darebench.publish.push import prepare
    from darebench.publish.push import push as upload

    made = prepare(store, to, out) if out is not None else upload(store, to, private=private)
    if output.as_json:
        print_json(
            {
                "name": made.name,
                "url": made.url or None,
                "commit": made.commit or None,
                "files": made.n_files,
                "bytes": made.n_bytes,
                "documents": [str(path) for path in made.documents],
            }
        )
    elif dry_run:
        print("\n".join(map(str, made.documents)))
    else:
        print(f"{made.n_files} files of {made.n_bytes / 1e6:.1f} MB are at {made.url}")
