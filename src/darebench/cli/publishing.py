"""`darebench push`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from darebench.cli.options import JsonOption, QuietOption, print_json
from darebench.errors import ConfigError


def push(
    store: Annotated[str, typer.Argument(help="A store: a folder or an archive.")],
    to: Annotated[str, typer.Option("--to", help="owner/name of a dataset on the hub.")],
    private: Annotated[bool, typer.Option("--private", help="If the repository is new.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Upload nothing; write the documents to --out.")
    ] = False,
    out: Annotated[Path | None, typer.Option("--out", help="Folder for --dry-run.")] = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Publish a store with its card. Example: darebench push curation/store --to me/tasks"""
    if dry_run != (out is not None):
        raise ConfigError("--dry-run and --out DIR belong together; give both or none")
    from darebench.publish.push import prepare
    from darebench.publish.push import push as run

    made = prepare(store, to, out) if out is not None else run(store, to, private=private)
    if as_json:
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
