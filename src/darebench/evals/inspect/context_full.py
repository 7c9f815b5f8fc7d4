"""Checks whether a refused request names a full context, in the words of any server.

There is no common code: OpenAI's `context_length_exceeded` is the exception, and servers word it
anew from version to version. So the rule reads sentences: what is too long, and longer than what.
Limits on how fast one may ask, and limits on what one request may ask to have written, are others.
"""

from __future__ import annotations

import re

_USUAL = frozenset((200, 400, 413, 422, 500))
"""Statuses that such an answer has: 200 for an error in the body, 500 for llama.cpp's."""
_NEVER = frozenset((401, 402, 403, 407))
"""Statuses about who asks. With all others a gateway may pass on what its model's server says."""

_REQUESTED = re.compile(
    r"['`\"]?\b(?:default )?max[ _]?(?:(?:new|completion|output)[ _]?)?tokens\b['`\"]?"
)
"""How much the request asks to have written, which does not name a limit of the context."""
_OTHER = re.compile(
    r"per[ -](?:second|minute|min|hour|day)|\b[tr]p[mds]\b|rate[ _-]?limit|throttl|quota"
    r"|too many requests|please wait|try again (?:in|later)|deadline|time[d]?[ -]?out|overload"
    r"|does not exist|not found|no such model"
    r"|(?:api|access|bearer|auth\w*|jwt) (?:key|token)|unauthori[sz]ed"
    r"|stop sequences?\b[^.]{0,40}(?:long|exceed|many)|input schema|header|concurren"
    r"|(?:number of|many) (?:images|tools|functions|documents)"
)
_KEY = re.compile(r"\"(?:message|error|detail|object)\"\s*:")
_ARRAY = re.compile(r"(?:string|array) too long")

_OVER = (
    r"(?:exceed\w*|overflow\w*|too (?:long|large|big|many)|(?:long|larg|bigg|great|high)er than"
    r"|more than|beyond|over the|not fit|reached|is full)"
)
_CONTEXT = (
    r"(?:context (?:length|window|size|limit|budget)"
    r"|max(?:imum)? (?:context|model|prompt|input|seq(?:uence)?|session|num tokens)"
    r"(?: (?:len(?:gth)?|size))?|sess(?:ion)? len(?:gth)?|token limit)"
)
_INPUT = r"(?:prompt|inputs?|messages?|conversation|request|sequence|context|tokens?)"
_LIMIT = r"(?:limit|max(?:imum)?|allowed|length|context|window|tokens?|model|kv (?:cache|size)|\d)"
_FULL = tuple(
    re.compile(pattern, re.DOTALL)
    for pattern in (
        # OpenAI, vLLM, SGLang, OpenRouter, DeepSeek, Mistral, xAI: the limit is named.
        r"maximum (?:context|prompt|input|sequence) length (?:is|of|has been)",
        rf"\b{_CONTEXT}\b.{{0,60}}\b{_OVER}",
        rf"{_OVER}.{{0,80}}\b{_CONTEXT}\b",
        r"context.{0,12}\b(?:overflow\w*|full)\b|out of context",
        r"context length of only",
        # Anthropic, Bedrock, Gemini, Ollama, TensorRT-LLM, Moonshot, GLM: what is too long.
        rf"\b{_INPUT}\b(?:(?!should be|must be)[^.;]){{0,60}}?\b{_OVER}\b.{{0,60}}?{_LIMIT}",
        r"\b(?:prompt|input|conversation|request)\b.{0,30}\btoo (?:long|large|big)\b",
        r"\btoo many (?:input |prompt )?tokens\b",
        r"reduce the (?:length|size|number of tokens) (?:of|in) (?:the |your |either )",
        # TGI and DashScope: what is allowed.
        r"\binputs?\b.{0,40}must (?:be <=|be less|have less|not exceed)",
        r"range of input length should be",
        # vLLM and TensorRT-LLM: nothing is left to write into.
        r"written must be at least 1, got -\d|written.{0,20}must be greater than 0",
        r"(?:输入|上下文|对话|提示).{0,20}(?:超过|超出|过长|太长)|(?:超过|超出).{0,20}(?:上下文|长度)",
    )
)
_CODES = re.compile(
    r"context[_ ]length[_ ]exceeded|exceed[_ ]context[_ ]size|context[_ ]window[_ ]exceeded"
    r"|string[_ ]above[_ ]max[_ ]length|prompt[_ ]too[_ ]long|tokens[_ ]limit[_ ]reached"
    r"|max[_ ]prompt[_ ]tokens[_ ]exceeded|request[_ ]too[_ ]large"
)


def is_context_full(status: int | None, text: str) -> bool:
    """Check whether a refused request says that the conversation fills the model's context.

    Args:
        status: HTTP status of the answer; None for an error that came without one.
        text: What the server said, as text or as the JSON of it.

    >>> is_context_full(400, "the request exceeds the available context size")
    True
    >>> is_context_full(429, "Request too large: tokens per min (TPM): limit 6000")
    False
    """
    if status in _NEVER:
        return False
    # The longest of these messages has some hundred characters; the rest may be the request.
    said = re.sub(r"(?<=\d),(?=\d{3})", "", _KEY.sub(" ", text[:4000].lower()))
    if _OTHER.search(said):
        return False
    is_usual = status is None or status in _USUAL
    if not is_usual and not re.search(r"context|prompt|tokens", said):
        return False
    if status == 413 or _CODES.search(said):
        return True
    if _ARRAY.search(said):
        return "content" in said.split("too long")[0]
    said = _REQUESTED.sub("written", said).replace("_", " ").replace("`", "")
    if "written" in said and not re.search(
        r"context|input|prompt|sequence|seq len|tokens in", said
    ):
        return "written must be at least 1, got -" in said
    return any(pattern.search(said) for pattern in _FULL)
