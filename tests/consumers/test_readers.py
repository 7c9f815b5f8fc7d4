"""TRL, verl and LLaMA-Factory read exports, and make the ids of them that our own training makes."""

from __future__ import annotations

import json
import sys
from types import ModuleType, SimpleNamespace

import pytest

from darebench.rollouts.check_export import check_export, encode, read_rows

pytest.importorskip("llamafactory", reason="not installed: make test-consumers")


@pytest.mark.parametrize("name", ["out.jsonl", "out.parquet"])
def test_trl_trains_on_an_export_as_it_is(tokenizer, exported, tmp_path, name):
    from datasets import load_dataset
    from transformers import Qwen3Config, Qwen3ForCausalLM
    from trl import SFTConfig, SFTTrainer

    path = exported("trl", name)
    assert check_export(path, tokenizer).counts == {}
    kind = "json" if name.endswith("jsonl") else "parquet"
    data = load_dataset(kind, data_files=str(path), split="train", cache_dir=str(tmp_path / "c"))
    shape = {"hidden_size": 8, "intermediate_size": 8, "head_dim": 8}
    heads = {"num_hidden_layers": 1, "num_attention_heads": 1, "num_key_value_heads": 1}
    model = Qwen3ForCausalLM(Qwen3Config(vocab_size=151_936, **shape, **heads))
    arguments = SFTConfig(
        str(tmp_path / "run"), assistant_only_loss=True, max_length=None, report_to=[],
        use_cpu=True, bf16=False, max_steps=1, per_device_train_batch_size=2,
    )  # fmt: skip
    trainer = SFTTrainer(model, arguments, train_dataset=data, processing_class=tokenizer)
    for made, row in zip(trainer.train_dataset, read_rows(path), strict=True):
        ours = encode(row, tokenizer)
        assert made["input_ids"] == ours["input_ids"]
        assert [int(label != -100) for label in made["labels"]] == ours["assistant_masks"]
    assert trainer.train().training_loss > 0


def test_verls_data_set_reads_a_table_and_its_loss_is_on_the_turns(tokenizer, exported):
    from verl.utils.dataset.multiturn_sft_dataset import MultiTurnSFTDataset

    path = exported("verl-sft", "out.parquet")
    data = MultiTurnSFTDataset(str(path), tokenizer, {"pad_mode": "no_padding", "max_length": 4096})
    rows = list(read_rows(path))
    assert len(data) == len(rows)
    for made, row in zip(data, rows, strict=True):
        ours = encode(row, tokenizer)
        assert made["input_ids"].tolist() == ours["input_ids"]
        marked = [t for t, own in zip(made["input_ids"], made["loss_mask"], strict=True) if own]
        taught = [
            t for t, own in zip(ours["input_ids"], ours["assistant_masks"], strict=True) if own
        ]
        # verl's loss is on the newline after each turn's end too.
        newline = tokenizer.encode("\n")[0]
        kept, end = [], None
        for token in map(int, marked):
            if not (end == tokenizer.eos_token_id and token == newline):
                kept.append(token)
            end = token
        assert kept == taught


def test_llama_factory_converts_every_row_into_the_turns_that_we_train_on(tokenizer, exported):
    sys.modules.setdefault(
        "torchaudio", ModuleType("torchaudio")
    )  # for sound, which we have none of
    from llamafactory.data.converter import SharegptDatasetConverter
    from llamafactory.data.parser import DatasetAttr
    from llamafactory.data.template import TEMPLATES

    path = exported("sharegpt", "out.jsonl")
    attributes = DatasetAttr("file", "out.jsonl", formatting="sharegpt")
    columns = {"messages": "conversations", "system": "system", "tools": "tools"}
    attributes.join({"formatting": "sharegpt", "columns": columns})
    convert = SharegptDatasetConverter(attributes, SimpleNamespace(media_dir=""))
    template = TEMPLATES["qwen3_nothink"]
    for row in read_rows(path):
        made = convert(row)
        assert made["_response"], row["conversations"]
        turns = template.encode_multiturn(
            tokenizer, made["_prompt"] + made["_response"], made["_system"], made["_tools"]
        )
        ids = [token for prompt, answer in turns for token in (*prompt, *answer)]
        text = tokenizer.decode(ids)
        assert text == ours_of(row, tokenizer)


def ours_of(row, tokenizer) -> str:
    """Return the text of the attempt that a row was made of, by our own template."""
    from attempts import shapes

    from darebench.rollouts.rows import message_row

    (shape,) = (t for t in shapes() if t.epoch == row["epoch"])
    messages = [message_row(m) for m in shape.messages]
    while messages[-1]["role"] != "assistant":
        messages.pop()
    return tokenizer.apply_chat_template(messages, tools=json.loads(row["tools"]), tokenize=False)
