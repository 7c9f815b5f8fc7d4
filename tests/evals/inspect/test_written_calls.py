"""Calls that stand in the text, in the formats of many models."""

from __future__ import annotations

import pytest

from darebench.evals.inspect.written_calls import written_call

TOOL = "python_executor"
OBJECT = '{"name": "python_executor", "arguments": {"code": "1"}}'
WRITTEN = {
    f"<tool_call>\n{OBJECT}\n</tool_call>": "hermes",
    f"<think>hm</think>\n<tool_call>{OBJECT}": "hermes",
    "<tool_call>\n<function=python_executor>\n<parameter=code>\n1": "qwen3_coder",
    "<function=python_executor>\n<parameter=code>\n1": "qwen3_coder",
    '<function=python_executor>{"code": "1"}</function>': "llama3_json",
    '<|python_tag|>{"name": "python_executor", "parameters": {}}': "llama3_json",
    f"[TOOL_CALLS] [{OBJECT}]": "mistral",
    '[TOOL_CALLS]python_executor[ARGS]{"code": "1"}': "mistral",
    "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>python_executor": "deepseek_v3",
    f"<|tool_call|>[{OBJECT}]": "granite",
    "<|channel|>commentary to=functions.python_executor <|message|>{}": "openai",
    f"```json\n{OBJECT}\n```": "hermes",
    OBJECT: "llama3_json",
    '{"type": "function", "function": {"name": "python_executor", "arguments": "{}"}}': "hermes",
    "[python_executor(code='1', files_to_load=[], files_to_save=[])]": "pythonic",
}
PLAIN = [
    "I have saved prediction.csv.",
    "```python\nprint(1)\n```",
    '```json\n{"name": "iris", "arguments": 3}\n```',
    '{"name": "python_executor"}',
    "I called python_executor(code) once.",
    '{"name": {"a": 1}, "arguments": [',
    "{" * 10_000,
    "",
]


@pytest.mark.parametrize("text", WRITTEN)
def test_a_written_call_is_found_and_its_parser_named(text):
    assert f"--tool-call-parser {WRITTEN[text]}" in (written_call(text, TOOL) or "")


@pytest.mark.parametrize("text", PLAIN)
def test_other_text_is_no_call(text):
    assert written_call(text, TOOL) is None
