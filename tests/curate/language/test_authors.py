"""Authors that cannot work are named before there is any work."""

from __future__ import annotations

import pytest

from cli.running import darebench
from darebench.curate.language.authors import Models, choose_authors
from darebench.errors import ConfigError

pytestmark = pytest.mark.filterwarnings("default")  # Inspect's own dependencies warn


def test_a_model_that_cannot_be_used_is_named_before_any_work(tmp_path, monkeypatch):
    with pytest.raises(ConfigError, match=r"'nothing/at-all' cannot be used"):
        choose_authors(Models(designer="nothing/at-all"), tmp_path)
    with pytest.raises(ConfigError, match="--rewrite-model"):
        choose_authors(Models(reader="openai-api/local/m"), tmp_path)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--designer", "model"), "--model NAME"),
        (("--designer", "oracle"), "is not one of 'rules', 'model'"),
        (("--model", "openai/gpt-5"), "belong together"),
        (("--cluster", "moon"), "is not one of 'local', 'ray'"),
        (("--read-model", "openai-api/local/m"), "--rewrite-model"),
        (("--rewrite-model", "nothing/m"), "cannot be used"),
        (("--filter", "tag"), "has no value"),
    ],
)
def test_options_that_make_no_sense_are_named(folder, tmp_path, options, words):
    done = darebench("curate", str(folder), "--out", str(tmp_path / "out"), *options)
    assert (done.returncode, done.stdout) == (2, "")
    assert words in done.stderr
    assert "Traceback" not in done.stderr
