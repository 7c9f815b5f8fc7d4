"""Download one file over https: with progress, patience, and from where an earlier call stopped."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from darebench.errors import StoreError
from darebench.retry_after import retry_after_s

if TYPE_CHECKING:
    import httpx

ATTEMPTS = 4
"""How often a server is asked that fails or does not answer."""
WAIT_S = 2.0
"""Wait after the first failure, in seconds; each further one waits twice as long."""
LONGEST_WAIT_S = 120.0
CONNECT_S = 5.0
SILENCE_S = 30.0
"""How long a server may keep silent, in seconds."""


class _Again(Exception):
    """The server may answer another time, after `seconds` if it says so."""

    def __init__(self, message: str, seconds: float | None = None) -> None:
        super().__init__(message)
        self.seconds = seconds


def download(url: str, path: Path, title: str) -> None:
    """Download a file to `path`, which appears whole; an earlier part beside it is continued.

    Args:
        url: Address of the file.
        path: Where it is kept.
        title: What the progress bar, on stderr, calls it.

    Raises:
        StoreError: The server cannot be reached or refuses, or the file cannot be kept.
    """
    part = path.with_name(f"{path.name}.part")
    wait = WAIT_S
    for attempt in range(1, ATTEMPTS + 1):
        try:
            _append(url, part, title)
        except _Again as error:
            pause = wait if error.seconds is None else error.seconds
            if attempt == ATTEMPTS or pause > LONGEST_WAIT_S:
                raise StoreError(f"{url}: {error}; try again later") from None
            time.sleep(pause)
            wait *= 2
        except OSError as error:
            raise StoreError(f"{part} cannot be written: {error.strerror or error}") from None
        else:
            part.replace(path)
            return


def _append(url: str, part: Path, title: str) -> None:
    """Fetch what is missing of a file; a server that knows no ranges sends all of it."""
    import httpx

    have = part.stat().st_size if part.is_file() else 0
    limit = httpx.Timeout(SILENCE_S, connect=CONNECT_S)
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
    try:
        with httpx.stream(
            "GET", url, headers=headers, follow_redirects=True, timeout=limit
        ) as answer:
            if answer.status_code == 416:  # what is kept is no beginning of what is there
                part.unlink()
                raise _Again("the file there is another one", 0.0)
            _check(url, answer)
            _write(answer, part, have if answer.status_code == 206 else 0, title)
    except httpx.InvalidURL as error:
        raise StoreError(f"{url} is not an address: {error}") from None
    except httpx.HTTPError as error:
        raise _Again(f"the server cannot be reached ({error or type(error).__name__})") from None


def _check(url: str, answer: httpx.Response) -> None:
    status = answer.status_code
    if status in (200, 206):
        return
    if status == 429 or status >= 500:
        raise _Again(
            f"the server answers {status}", retry_after_s(answer.headers.get("Retry-After"))
        )
    raise StoreError(f"{url}: the server answers {status}; check the address")


def _write(answer: httpx.Response, part: Path, have: int, title: str) -> None:
    from huggingface_hub.utils import tqdm

    length = answer.headers.get("Content-Length", "")
    total = have + int(length) if length.isdigit() else None
    with (
        part.open("ab" if have else "wb") as stream,
        tqdm(total=total, initial=have, unit="B", unit_scale=True, desc=title) as bar,
    ):
        for piece in answer.iter_raw():
            stream.write(piece)
            bar.update(len(piece))
        if total is not None and stream.tell() != total:
            raise _Again(f"the connection broke after {stream.tell()} of {total} bytes")
