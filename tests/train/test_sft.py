"""Supervised fine-tuning on a tiny model, and what its loss is on."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import replace

import pytest

from darebench.errors import ConfigError
from darebench.evals.trajectory import write_trajectories
from darebench.rollouts.check_export import check_export
from darebench.rollouts.export import export
from darebench.train.config import Lora

pytestmark = pytest.mark.usefixtures("need_torch", "quiet_libraries")


@pytest.fixture
def rows(tmp_path):
    from pathlib import Path

    sys.path.insert(0, str(Path(__file__).parents[1] / "rollouts"))
    from attempts import attempt

    write_trajectories([attempt(epoch=k) for k in range(1, 9)], tmp_path / "in.jsonl")
    export([tmp_path / "in.jsonl"], tmp_path / "rows.jsonl")
    return tmp_path / "rows.jsonl"


@pytest.mark.parametrize(("lora", "packing"), [(None, False), ({"r": 2, "alpha": 4}, True)])
def test_a_run_learns_the_rows_by_heart(tiny_model, rows, tmp_path, lora, packing):
    from darebench.train.config import SftConfig
    from darebench.train.read_config import make_config
    from darebench.train.sft import train_sft
    from darebench.train.training_log import read_metrics

    config = make_config(SftConfig, {
        "model": str(tiny_model), "data": str(rows), "eval_data": str(rows),
        "out": str(tmp_path / "run"), "lora": lora, "packing": packing, "max_length": 2048,
        "max_steps": 6, "learning_rate": 1e-2, "batch_size": 4, "accumulation": 1, "bf16": False,
        "gradient_checkpointing": False, "eval_steps": 3, "save_steps": 3, "cpu": True,
    })  # fmt: skip
    final = train_sft(config).model
    saved = "adapter_model.safetensors" if lora else "model.safetensors"
    assert (final / saved).is_file()
    losses = [r["loss"] for r in read_metrics(tmp_path / "run" / "metrics.jsonl") if "loss" in r]
    assert losses[-1] < losses[0]
    names = {n for r in read_metrics(tmp_path / "run" / "metrics.jsonl") for n in r}
    assert "eval_loss" in names


def test_the_loss_is_on_what_the_assistant_wrote(tiny_model, rows):
    from darebench.train.pretrained import load_tokenizer
    from darebench.train.sft import encode_rows

    tokenizer = load_tokenizer(str(tiny_model), "qwen3")
    row = encode_rows(str(rows), tokenizer, 4096)[0]
    pairs = list(zip(row["input_ids"], row["labels"], strict=True))
    assert all(label in (token, -100) for token, label in pairs)
    own = tokenizer.decode([i for i, m in pairs if m != -100])
    assert own.startswith("Let me look.\n<tool_call>")
    assert own.endswith("</tool_call><|im_end|>Done.<|im_end|>")
    other = tokenizer.decode([i for i, m in pairs if m == -100])
    assert "The code ran without an error." in other
    assert "Let me look" not in other


def test_rows_over_the_length_are_left_out(tiny_model, rows):
    from darebench.train.pretrained import load_tokenizer
    from darebench.train.sft import encode_rows

    tokenizer = load_tokenizer(str(tiny_model), "qwen3")
    with pytest.raises(ConfigError, match="no row of at most 10 tokens"):
        encode_rows(str(rows), tokenizer, 10)


def test_an_export_is_checked_under_the_template(tiny_model, rows):
    from darebench.train.pretrained import load_tokenizer

    tokenizer = load_tokenizer(str(tiny_model), "qwen3")
    report = check_export(rows, tokenizer, max_length=4096)
    assert report.counts == {}
    assert 0 < report.tokens["loss_share"] < 1
    assert check_export(rows, tokenizer, max_length=50).counts == {"length": 8}
    tokenizer.chat_template = tokenizer.chat_template.replace(
        "{%- generation %}", "{{- loop.length }}{%- generation %}"
    )
    assert "prefix" in check_export(rows, tokenizer).counts


HEADER = "{{- '<|im_start|>assistant\\n' }}"


@pytest.mark.parametrize(
    "changes",
    [
        ((HEADER, ""), ("{%- generation %}", "{%- generation %}" + HEADER)),
        (
            ("{%- generation %}", ""),
            (
                "{{- '<|im_end|>' }}\n        {%- endgeneration %}",
                "{%- generation %}{{- '<|im_end|>' }}{%- endgeneration %}",
            ),
        ),
    ],
    ids=["the header too", "the end alone"],
)
def test_a_mask_that_is_not_the_turns_text_is_named(tiny_model, rows, changes):
    from darebench.train.pretrained import load_tokenizer

    tokenizer = load_tokenizer(str(tiny_model), "qwen3")
    template = tokenizer.chat_template
    for old, new in changes:
        assert old in template
        template = template.replace(old, new, 1)
    tokenizer.chat_template = template
    assert set(check_export(rows, tokenizer).counts) == {"mask"}


def test_a_template_that_marks_nothing_is_refused(tiny_model, rows):
    from darebench.train.pretrained import load_tokenizer
    from darebench.train.sft import encode_rows

    tokenizer = load_tokenizer(str(tiny_model), "qwen3")
    plain = tokenizer.chat_template.replace("{%- generation %}", "")
    tokenizer.chat_template = plain.replace("{%- endgeneration %}", "")
    with pytest.raises(ConfigError, match="marks nothing that the loss is on"):
        encode_rows(str(rows), tokenizer, 4096)


def test_a_folder_without_a_checkpoint_is_free_for_the_mended_configuration(
    tiny_model, rows, tmp_path
):
    from darebench.train.config import SftConfig
    from darebench.train.sft import train_sft
    from darebench.train.training_folder import training_folder

    out = tmp_path / "run"
    wrong = SftConfig(
        model=str(tiny_model), data=str(rows), out=str(out), cpu=True, bf16=False,
        lora=Lora(targets="nonsense"), max_steps=1, packing=False, gradient_checkpointing=False,
    )  # fmt: skip
    with pytest.raises(ConfigError, match=r"cannot be made of this configuration.*nonsense"):
        train_sft(wrong)
    assert (out / "config.json").is_file()
    assert train_sft(replace(wrong, lora=None)).model.is_dir()
    with pytest.raises(ConfigError, match=r"another training \(lora.* null there"):
        train_sft(wrong)
    for checkpoint in out.glob("checkpoint-*"):
        shutil.rmtree(checkpoint)
    with pytest.raises(ConfigError, match=r"another training \(lora.* null there"):
        train_sft(wrong)

    (tmp_path / "model").mkdir()
    (tmp_path / "model/config.json").write_text('{"model_type": "qwen3"}')
    with (
        pytest.raises(ConfigError, match="holds another training"),
        training_folder(replace(wrong, out=str(tmp_path / "model"))),
    ):
        pytest.fail("it was let in")


def test_a_finished_training_has_nothing_left_to_do_wherever_it_lies(tiny_model, rows, tmp_path):
    from typer.testing import CliRunner

    from darebench.cli.train import app
    from darebench.train.config import SftConfig
    from darebench.train.sft import train_sft
    from darebench.train.training_folder import Trained

    config = SftConfig(
        model=str(tiny_model), data=str(rows), out=str(tmp_path / "run"), cpu=True, bf16=False,
        max_steps=2, save_steps=1, packing=False, gradient_checkpointing=False,
    )  # fmt: skip
    first = train_sft(config)
    assert first.steps == 2
    kept = (tmp_path / "run" / "metrics.jsonl").read_bytes()

    shutil.copytree(tiny_model, tmp_path / "model")
    rows.rename(tmp_path / "data.jsonl")
    (tmp_path / "run").rename(tmp_path / "moved")
    moved = replace(
        config, out=str(tmp_path / "moved"), model=str(tmp_path / "model"),
        data=str(tmp_path / "data.jsonl"),
    )  # fmt: skip
    assert train_sft(moved) == Trained(model=tmp_path / "moved" / "final", steps=0)

    settings = tmp_path / "moved" / "config.toml"
    done = CliRunner().invoke(app, ["sft", str(settings)])
    assert done.exit_code == 0
    assert "nothing was left to do" in done.stderr
    assert done.stdout == f"model: {tmp_path / 'moved' / 'final'}\n"
    for checkpoint in (tmp_path / "moved").glob("checkpoint-*"):
        shutil.rmtree(checkpoint)
    assert train_sft(moved).steps == 0
    assert (tmp_path / "moved" / "metrics.jsonl").read_bytes() == kept


def test_an_interrupted_training_that_was_moved_continues_from_its_checkpoint(
    tiny_model, rows, tmp_path
):
    from darebench.train.config import SftConfig
    from darebench.train.sft import train_sft
    from darebench.train.training_log import read_metrics

    config = SftConfig(
        model=str(tiny_model), data=str(rows), out=str(tmp_path / "run"), cpu=True, bf16=False,
        max_steps=3, save_steps=1, packing=False, gradient_checkpointing=False,
    )  # fmt: skip
    train_sft(config)
    shutil.rmtree(tmp_path / "run" / "final")
    shutil.rmtree(tmp_path / "run" / "checkpoint-3")  # as if it had been killed after step 2
    (tmp_path / "run").rename(tmp_path / "moved")
    assert train_sft(replace(config, out=str(tmp_path / "moved"))).steps == 1
    steps = [r["step"] for r in read_metrics(tmp_path / "moved/metrics.jsonl") if "loss" in r]
    assert steps == [1, 2, 3]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"cpu": False}, "torch finds no GPU here"),
        ({"deepspeed": "configs/deepspeed-zero3.json"}, "deepspeed is not installed"),
        ({"model": "no/such folder"}, "has no usable tokenizer"),
    ],
)
def test_what_this_machine_cannot_do_is_one_sentence(tiny_model, rows, tmp_path, given, words):
    import importlib.util

    import torch

    from darebench.train.config import SftConfig
    from darebench.train.sft import train_sft

    if "cpu" in given and torch.accelerator.is_available():
        pytest.skip("there is a GPU")
    if "deepspeed" in given and importlib.util.find_spec("deepspeed"):
        pytest.skip("deepspeed is installed")
    config = SftConfig(model=str(tiny_model), data=str(rows), out=str(tmp_path / "run"), cpu=True)
    with pytest.raises(ConfigError, match=words):
        train_sft(replace(config, **given))
    assert not (tmp_path / "run").exists()


def test_attempts_that_were_not_exported_are_refused_and_the_folder_stays_free(
    tiny_model, rows, tmp_path
):
    from darebench.train.config import SftConfig
    from darebench.train.sft import train_sft

    wrong = SftConfig(
        model=str(tiny_model), data=str(rows.with_name("in.jsonl")), out=str(tmp_path / "run"),
        cpu=True,
    )  # fmt: skip
    with pytest.raises(ConfigError, match="row 1 cannot be trained on"):
        train_sft(wrong)
    assert not (tmp_path / "run").exists()


def test_a_quiet_training_prints_its_result_and_nothing_else(tiny_model, rows, tmp_path):
    (tmp_path / "sft.toml").write_text(
        f'model = "{tiny_model}"\ndata = "{rows}"\nout = "{tmp_path / "run"}"\nmax_steps = 1\n'
        "cpu = true\nbf16 = false\naccumulation = 1\n"
    )
    command = [sys.executable, "-m", "darebench", "train", "sft", str(tmp_path / "sft.toml")]
    done = subprocess.run([*command, "--quiet"], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"model: {tmp_path / 'run' / 'final'}\n"
