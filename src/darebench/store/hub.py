"""Fetch a store from the Hugging Face hub: any dataset repository in the layout."""

from __future__ import annotations

import time
from pathlib import Path

from darebench.errors import StoreError

SCHEME = "hf://"
PATTERNS = ["*question_list.json", "*databases/**", "*.tar", "*.tar.gz", "*.tgz", "*.zip"]
ATTEMPTS = 4
"""How often a hub is asked that says it is busy."""
LONGEST_WAIT_S = 120
"""Longest wait for a busy hub, each time; one that asks for more is not waited for."""


def fetch(ref: str, cache: Path) -> Path:
    """Download `hf://owner/name[@revision]`, or find it in the cache.

    What an interrupted download has finished is kept, and only the rest is fetched. A busy hub is
    waited for as long as it asks.

    Returns:
        The folder of the snapshot.

    Raises:
        StoreError: The reference is malformed, or the hub cannot be reached or refuses.
    """
    name, _, revision = ref.removeprefix(SCHEME).partition("@")
    if name.count("/") != 1:
        raise StoreError(f"{ref!r} is not of the form hf://owner/name or hf://owner/name@revision")
    for _ in range(ATTEMPTS - 1):
        try:
            return _download(ref, name, revision, cache)
        except _Busy as busy:
            if busy.seconds > LONGEST_WAIT_S:
                raise
            time.sleep(busy.seconds)
    return _download(ref, name, revision, cache)


class _Busy(StoreError):
    """The hub asks us to come back later."""

    seconds: int = 0
    """How long it asks us to wait."""


def _download(ref: str, name: str, revision: str, cache: Path) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import (
        GatedRepoError,
        HfHubHTTPError,
        HFValidationError,
        LocalEntryNotFoundError,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    try:
        folder = snapshot_download(
            name,
            repo_type="dataset",
            revision=revision or None,
            cache_dir=cache,
            allow_patterns=PATTERNS,
        )
    except GatedRepoError:
        raise StoreError(f"{ref} is gated: ask for access on its page, then set HF_TOKEN") from None
    except RepositoryNotFoundError:
        raise StoreError(
            f"{ref} does not exist, or is private: check the name, or set HF_TOKEN"
        ) from None
    except RevisionNotFoundError:
        raise StoreError(f"{ref} has no revision {revision!r}; check its name") from None
    except HFValidationError as error:
        raise StoreError(f"{ref!r} is not a valid name: {error}") from None
    except LocalEntryNotFoundError as error:
        if isinstance(error.__cause__, HfHubHTTPError):
            raise _refused(ref, error.__cause__) from None
        raise StoreError(
            f"the hub cannot be reached and {ref} is not in {cache}; try again online"
        ) from None
    except HfHubHTTPError as error:
        raise _refused(ref, error) from None
    except client_error() as error:
        raise StoreError(f"the connection to the hub broke on {ref}: {error}; try again") from None
    except OSError as error:
        raise StoreError(f"{ref} cannot be stored in {cache}: {error}") from None
    return Path(folder)


def client_error() -> type[Exception]:
    """Return the error class of the HTTP library that the hub's client is built on."""
    from huggingface_hub.errors import HfHubHTTPError

    return next(c for c in HfHubHTTPError.__mro__ if c.__name__ == "HTTPError")


def _refused(ref: str, error: Exception) -> StoreError:
    response = getattr(error, "response", None)
    status = getattr(response, "status_code", None)
    if response is None or status is None:
        return StoreError(f"the hub failed on {ref}: {error}; try again later")
    if status == 429:
        asked = response.headers.get("Retry-After", "")
        busy = _Busy(f"the hub is busy and asks to try {ref} again in {asked or 'some'} seconds")
        busy.seconds = int(asked) if asked.isdigit() else 10
        return busy
    if status in (401, 403):
        return StoreError(f"the hub refuses {ref} ({status}): set HF_TOKEN to one that may read it")
    return StoreError(f"the hub answers {status} for {ref}; try again later")
