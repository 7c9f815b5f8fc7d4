"""The promised commands, their options and their exit codes."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from cli.running import darebench, darebench_apart
from darebench import __file__ as darebench_package
from darebench import __version__
from darebench.cli import app, build_command


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("tasks", "list", "--store", "nowhere"), 2, "no store at nowhere"),
        (("tasks", "show", "nothing/mm"), 2, "no task"),
        (("score",), 2, "--batch"),
        (("score", "x.csv", "--task", "iris_class/mm"), 2, "does not exist"),
        (("score", __file__, "--task", "nothing/mm"), 2, "no task"),
        (("sandbox", "run", "nowhere.py"), 2, "No such file"),
        (("report", "nowhere"), 2, "does not exist"),
        (("eval", "nothing"), 2, "no task matches"),
        (("tasks", "list", "--family", "fruit"), 2, "fruit"),
    ],
)
def test_unusable_input_is_one_sentence_and_exit_2(arguments, code, words):
    done = darebench(*arguments)
    assert done.returncode == code
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def commands(group=None, path=()):
    """Every command with its words."""
    group = group or typer.main.get_command(app)
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, (*path, name))
        else:
            yield (*path, name), command


@pytest.mark.parametrize("words", [w for w, _ in commands()], ids=" ".join)
def test_every_command_has_an_example_and_the_common_options(words):
    command = dict(commands())[words]
    assert f"Example: darebench {words[0]}" in command.help
    options = {option for parameter in command.params for option in parameter.opts}
    if words[-1] not in ("serve", "mcp"):  # a server prints no result
        assert {"--json", "--quiet"} <= options


def test_help_of_every_command_is_printed():
    for words in ((), *(w for w, _ in list(commands())[::5])):
        done = darebench(*words, "--help")
        assert (done.returncode, done.stderr) == (0, "")
        assert "--help" in done.stdout


def test_a_table_that_a_reader_cuts_off_is_no_error():
    command = f"{sys.executable} -m darebench tasks list --json | head -c 1"
    done = subprocess.run(["bash", "-o", "pipefail", "-c", command], capture_output=True, text=True)
    assert done.stderr == ""


def parameters():
    """Every option and argument of every command, with the words that lead to it."""
    root = build_command()
    yield from ((("darebench",), root, p) for p in root.params if not p.hidden)
    for words, command in commands(root):
        yield from ((words, command, p) for p in command.params)


@pytest.mark.parametrize(
    ("words", "command", "parameter"),
    list(parameters()),
    ids=lambda value: value.name if hasattr(value, "name") else " ".join(value),
)
def test_an_option_says_in_a_sentence_what_it_is_and_what_it_is_by_default(
    words, command, parameter
):
    assert parameter.help, "no help"
    assert re.match(r"[A-Z][\w-]+ ", parameter.help)
    assert not re.match(r"(Of|Else|If|With)\b", parameter.help)
    assert parameter.help.endswith(".")
    _, shown = parameter.get_help_record(typer.Context(command))
    is_flag = getattr(parameter, "is_flag", False)
    assert is_flag or parameter.required or "default: " in shown
    if parameter.type_descriptor.annotation in (int, float):
        assert parameter.metavar, "no unit"


@pytest.mark.parametrize("words", [w for w, _ in commands()], ids=" ".join)
def test_help_fits_a_terminal_of_80_columns(words):
    command = dict(commands())[words]
    context = typer.Context(command, info_name=" ".join(("darebench", *words)), terminal_width=80)
    assert max(map(len, command.get_help(context).splitlines())) <= 80


def test_closed_sets_are_shown_as_choices_and_are_those_of_the_library():
    from darebench.curate.curation_options import Noise, Steps
    from darebench.parallel import Cluster
    from darebench.rollouts.export import Format
    from darebench.rollouts.select import Strategy
    from darebench.types import Family, Variant

    closed = {
        ("eval", "family"): Family,
        ("eval", "variant"): Variant,
        ("select", "strategy"): Strategy,
        ("export", "form"): Format,
        ("curate", "noise"): Noise,
        ("curate", "steps"): Steps,
        ("curate", "cluster"): Cluster,
    }
    shown = {(words[0], p.name): p.display_type(typer.Context(c)) for words, c, p in parameters()}
    for option, choices in closed.items():
        assert shown[option] == f"<{'|'.join(choices)}>"
    assert shown["report", "form"] == "<terminal|html|md|tex|csv|json>"
    assert shown["curate", "designer"] == "<rules|model>"
    assert shown["export", "template"] == "<qwen3|model>"


def test_the_defaults_of_eval_and_select_are_those_of_the_library():
    from darebench.evals.evaluation import EvalConfig
    from darebench.rollouts.sample import ATTEMPTS
    from darebench.rollouts.select import Thresholds

    shown = {(words[0], p.name): p.default for words, _, p in parameters()}
    usual = EvalConfig()
    for name in ("model", "epochs", "turns", "seconds", "limit", "token_limit", "time_limit"):
        assert shown["eval", name] == getattr(usual, name), name
    for name in Thresholds.__slots__:
        assert shown["select", name] == getattr(Thresholds(), name), name
    assert shown["rollouts", "attempts"] == ATTEMPTS


def test_version_and_the_short_help_option():
    assert darebench_apart("--version").stdout == f"darebench {__version__}\n"
    for words in ((), ("eval",), ("tasks", "list")):
        assert darebench(*words, "-h").stdout == darebench(*words, "--help").stdout


def test_the_shell_completes_commands_options_and_choices():
    def completed(line: str) -> list[str]:
        env = {
            **os.environ,
            "_DAREBENCH_COMPLETE": "complete_bash",
            "COMP_WORDS": line,
            "COMP_CWORD": str(len(line.split(" ")) - 1),
        }
        return darebench_apart(env=env).stdout.split()

    assert "eval" in completed("darebench ev")
    assert "--family" in completed("darebench eval --fam")
    assert completed("darebench select --strategy ") == ["fv", "av", "bv", "dv"]
    assert "complete" in darebench_apart("--show-completion", "bash", env=_in_bash()).stdout
    assert "completion" not in darebench("eval", "--help").stdout


def _in_bash() -> dict[str, str]:
    return {**os.environ, "_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("evl",), "Did you mean 'eval'?"),
        (("tasks", "lst"), "Did you mean 'list'?"),
        (("eval", "--familly", "ts"), "(Possible options: --family)"),
        (("eval", "--family", "clas"), "did you mean 'class'?"),
        (("curate", "x", "--out", "y", "--noise", "hart"), "did you mean 'hard'?"),
    ],
)
def test_the_nearest_name_is_suggested(arguments, words):
    done = darebench(*arguments)
    assert done.returncode == 2
    assert words in done.stderr


def test_verbose_writes_a_log_to_stderr_and_nothing_else_to_stdout():
    plain, verbose = (darebench_apart("tasks", "list", *more) for more in ((), ("-v",)))
    assert verbose.stdout == plain.stdout
    assert f"darebench {__version__}, Python " in verbose.stderr
    assert plain.stderr == ""
    failed = darebench_apart("tasks", "show", "nothing/mm", "-v")
    assert "Traceback" in failed.stderr
    assert failed.stderr.splitlines()[-1].startswith("darebench: no task")


def test_no_module_is_named_like_a_room_that_is_something_else():
    package = Path(darebench_package).parent
    rooms = {p.name for p in package.iterdir() if p.is_dir()}
    modules = {p.stem for p in (package / "cli").glob("*.py")}
    assert modules & rooms <= {words[0] for words, _ in commands()}
