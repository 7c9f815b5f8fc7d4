"""Fetches a store from the Hugging Face hub: any dataset repository in the layout."""

from __future__ import annotations

from pathlib import Path

from darebench.errors import StoreError

SCHEME = "hf://"
PATTERNS = ["*question_list.json", "*databases/**", "*.tar", "*.tar.gz", "*.tgz", "*.zip"]


def fetch(ref: str, cache: Path) -> Path:
    """Download `hf://owner/name[@revision]`, or find it in the cache; a broken one is resumed.

    Raises:
        StoreError: the reference is malformed, or the hub cannot be reached or refuses.
    """
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import (
        GatedRepoError,
        HfHubHTTPError,
        HFValidationError,
        LocalEntryNotFoundError,
        RepositoryNotFoundError,
    )

    name, _, revision = ref.removeprefix(SCHEME).partition("@")
    if name.count("/") != 1:
        raise StoreError(f"{ref!r} is not of the form hf://owner/name or hf://owner/name@revision")
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
    except HFValidationError as error:
        raise StoreError(f"{ref!r} is no valid name: {error}") from None
    except LocalEntryNotFoundError:
        raise StoreError(
            f"the hub cannot be reached and {ref} is not in {cache}; try again online"
        ) from None
    except HfHubHTTPError as error:
        raise StoreError(
            f"the hub refused {ref}: {str(error).splitlines()[0]}; try again later"
        ) from None
    except OSError as error:
        raise StoreError(f"{ref} cannot be stored in {cache}: {error}") from None
    return Path(folder)
