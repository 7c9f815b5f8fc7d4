"""One request before a run: a model that cannot be used is found before any attempt is made.

It is a few tokens long, names the tool, and is sampled as the run will be, so that whatever the
server refuses of every attempt it refuses here.
"""

from __future__ import annotations

import asyncio
import os
import re
import time
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from inspect_ai.model import ChatMessageUser, GenerateConfig, Model, get_model
from inspect_ai.tool import ToolInfo

from darebench.errors import ConfigError
from darebench.evals.identity import did_you_mean
from darebench.evals.inspect.connection import Say, address_of, connection_of, may_pass
from darebench.evals.inspect.context_full import is_context_full
from darebench.evals.inspect.faults import Fault, fault_of

LIMIT_S = 45.0
"""How long the request may take, retries included."""
QUESTION = "Answer with the word ready."
N_TOKENS = 16
"""Tokens that the answer may have; some providers take no smaller number."""
_IN_PROCESS = frozenset(("darebench", "none", "mockllm", "hf", "nnterp", "transformer_lens"))
_STARTED_HERE = frozenset(("vllm", "vllm-completions", "sglang"))
"""Providers that start a server of their own where no address is given."""
_NOT_SENT = frozenset(
    ("reasoning_tokens", "reasoning_effort", "max_retries", "timeout", "max_tokens", "num_choices")
)


def is_asked(model: Model) -> bool:
    """Check whether a model is behind a server that can be asked without a cost worth naming."""
    provider = str(model).partition("/")[0]
    started = provider in _STARTED_HERE and model.api.base_url is None
    return provider not in _IN_PROCESS and not started


async def ask_first(
    model: Model, tools: Sequence[ToolInfo], generation: dict[str, Any], say: Say
) -> None:
    """Ask a model something, through a client of its own, before there is work for it.

    Args:
        model: The model; it is not used itself, since its client belongs to the run's loop.
        tools: What the model may call; a server that takes no tools refuses the request.
        generation: The run's sampling options.
        say: Is told whom the request goes to.

    Raises:
        ConfigError: The model cannot be used; the message names its address and the next move.
    """
    say(f"asking the model {model} at {address_of(model.api)}")
    sent = {name: value for name, value in generation.items() if name not in _NOT_SENT}
    async with _twin(model, GenerateConfig(**sent, max_tokens=N_TOKENS, max_retries=0)) as twin:
        connection = connection_of(twin)
        fault = await _fault(twin, tools)
        if fault is not None:
            text = f"the model {model} at {address_of(twin.api)} cannot be used: {fault.what}"
            text = f"{text}; {await _next_move(twin, fault)}"
            raise ConfigError(text if connection is None else connection.without_key(text))


def _twin(model: Model, config: GenerateConfig) -> Model:
    """Return another client of the same model."""
    api = model.api
    return get_model(
        str(model),
        config=config,
        base_url=api.base_url,
        api_key=api.api_key,
        memoize=False,
        **model.model_args,
    )


async def _fault(model: Model, tools: Sequence[ToolInfo]) -> Fault | None:
    """Return why the model cannot be used, after as many tries as there is time for."""
    end = time.monotonic() + LIMIT_S
    fault: Fault | None = None
    for tries in range(100):
        try:
            async with asyncio.timeout(end - time.monotonic()):
                output = await model.generate([ChatMessageUser(content=QUESTION)], tools=[*tools])
            if output.stop_reason == "model_length":
                return Fault("its context is full after one sentence", 400, "")
            return None
        except TimeoutError:
            return fault or Fault(f"no answer in {LIMIT_S:.0f} s", None, "")
        except Exception as error:  # each provider raises what its own client does
            cause = error.__cause__ or error
            fault = fault_of(cause)
            if _is_about_our_limit(fault):
                return None
            is_passing = fault.status is not None and may_pass(cause, fault)
        wait_s = max(min(2.0**tries, 8.0), fault.retry_after_s or 0.0)
        if not is_passing or time.monotonic() + wait_s >= end:
            return fault
        await asyncio.sleep(wait_s)
    return fault


def _is_about_our_limit(fault: Fault) -> bool:
    """Check whether a server only minds that the answer may have so few tokens."""
    is_refusal = fault.status in (400, 422)
    return (
        is_refusal
        and bool(re.search(r"max[_ ]\w*[_ ]?tokens", fault.text))
        and (not is_context_full(fault.status, fault.text))
    )


async def _next_move(model: Model, fault: Fault) -> str:
    said = f"{fault.what} {fault.text}".lower()
    status = fault.status
    if "refused" in fault.what and status is None:
        return "nothing listens there: start the server, or correct the address (--base-url)"
    if "cannot be resolved" in fault.what:
        return "correct the host's name in the address (--base-url)"
    if "TLS" in fault.what:
        return "if the server speaks plain HTTP, begin the address with http://"
    if "no answer" in fault.what:
        return "if the server is loading its model or is busy, give the same command again later"
    if re.search(r"web page|not json|no completion|no choice|answer is empty", said):
        return f"no OpenAI-compatible API is there; correct the address{_v1(model)}"
    if re.search(r"\btool|function call|jinja", said):
        return (
            "start it with tools (vLLM: --enable-auto-tool-choice --tool-call-parser hermes, or "
            "the parser that fits the model; SGLang: --tool-call-parser; llama.cpp: --jinja), or "
            "choose a model that calls tools"
        )
    if status in (401, 403):
        return f"set {_key_variable(model)} to a key that may use this model"
    if status in (404, 405) or (status == 400 and "model" in said and "not" in said):
        return await _other_names(model)
    if status in (402, 429):
        return "wait, or raise the limits of the account, and give the same command again"
    if status is not None and status >= 500:
        return "look into the server's log, and give the same command again"
    if status == 400 and "context" in fault.what:
        return "serve it with a longer context (vLLM: --max-model-len, llama.cpp: -c)"
    if status is not None:
        return "correct the option that it names"
    return "correct the address (--base-url) or start the server"


def _key_variable(model: Model) -> str:
    names = getattr(model.api, "api_key_vars", None) or ["the provider's key variable"]
    return next((name for name in names if os.environ.get(name)), names[0])


async def _other_names(model: Model) -> str:
    """Return what else the server serves, where it tells."""
    given = getattr(model.api, "service_model_name", lambda: model.name)()
    listed = getattr(getattr(getattr(model.api, "client", None), "models", None), "list", None)
    names: list[str] = []
    if listed is not None:
        try:
            async with asyncio.timeout(5):
                names = [str(found.id) for found in (await listed()).data]
        except Exception:  # a list that cannot be had is no help, and no other problem
            names = []
    if names and given not in names:
        prefix = str(model).removesuffix(given)
        near = did_you_mean(given, names)
        return f"it serves {', '.join(names[:8])}{near}; give --model {prefix}NAME with one of them"
    return f"correct the model's name, or the address{_v1(model)}"


def _v1(model: Model) -> str:
    """Return the usual end of an address, where this one lacks it."""
    path = urlsplit(address_of(model.api)).path
    return " (--base-url)" if path.rstrip("/") else " (--base-url), which usually ends in /v1"
