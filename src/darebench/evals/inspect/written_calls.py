"""Finds calls that a model wrote as text, since its server does not parse calls.

Such a turn is not a call: darebench would have to guess what each model's format means, and the
scores would depend on the guess. The person who started the server is told what to start it with.
"""

from __future__ import annotations

import json
import re

_VLLM = "vLLM with --enable-auto-tool-choice --tool-call-parser {}"
_HERMES = _VLLM.format("hermes") + ", SGLang with --tool-call-parser qwen25, llama.cpp with --jinja"
_QWEN_CODER = _VLLM.format("qwen3_coder") + ", SGLang with --tool-call-parser qwen3_coder"
_LLAMA = _VLLM.format("llama3_json") + ", SGLang with --tool-call-parser llama3"
_MISTRAL = _VLLM.format("mistral") + ", SGLang with --tool-call-parser mistral"
_DEEPSEEK = _VLLM.format("deepseek_v3") + ", SGLang with --tool-call-parser deepseekv3"
_GPT_OSS = _VLLM.format("openai") + ", SGLang with --tool-call-parser gpt-oss"
_MARKS = (
    (re.compile(r"<function=[\w.-]+>\s*<parameter="), "<function=", _QWEN_CODER),
    (re.compile(r"<tool_call>\s*<function="), "<function=", _QWEN_CODER),
    (re.compile(r"<tool_call>"), "<tool_call>", _HERMES),
    (re.compile(r"<function=[\w.-]+>\s*\{"), "<function=", _LLAMA),
    (re.compile(r"<\|python_tag\|>"), "<|python_tag|>", _LLAMA),
    (re.compile(r"\[TOOL_CALLS\]"), "[TOOL_CALLS]", _MISTRAL),
    (re.compile(r"<｜tool▁calls?▁begin｜>"), "<｜tool▁calls▁begin｜>", _DEEPSEEK),
    (re.compile(r"<\|channel\|>\w+ to=functions"), "to=functions", _GPT_OSS),
    (re.compile(r"<\|tool_call\|>"), "<|tool_call|>", _VLLM.format("granite")),
    (re.compile(r"functools\["), "functools[", _VLLM.format("phi4_mini_json")),
)
_OBJECT = re.compile(r"\{\s*\"(?:name|function|type|tool|arguments|parameters)\"\s*:")


def written_call(text: str, tool: str) -> str | None:
    """Return what to do about a call that stands in a turn's text; None if there is none.

    Args:
        text: A turn in which the server has found no call.
        tool: Name of the tool that the model may call.
    """
    for mark, name, start in _MARKS:
        if mark.search(text):
            return _hint(name, start)
    if re.search(rf"\[\s*{re.escape(tool)}\s*\(\s*code\s*=", text):
        return _hint(f"[{tool}(", _VLLM.format("pythonic"))
    return _hint("JSON", _HERMES + f"; for Llama 3, {_LLAMA}") if _is_json(text, tool) else None


def _is_json(text: str, tool: str) -> bool:
    """Check whether a JSON object in the text names the tool and its arguments."""
    decoder = json.JSONDecoder(strict=False)
    for found in list(_OBJECT.finditer(text))[:20]:
        try:
            value, _ = decoder.raw_decode(text, found.start())
        except (ValueError, RecursionError):
            continue
        inner = value["function"] if isinstance(value.get("function"), dict) else value
        named = [inner.get(key) for key in ("name", "function", "tool")]
        if tool in named and ("arguments" in inner or "parameters" in inner):
            return True
    return False


def _hint(mark: str, start: str) -> str:
    return (
        f"the model wrote a call of the tool as text ({mark}), and its server did not parse it, so "
        f"no code was run: start {start}, whichever serves it, with the parser that fits the model"
    )
