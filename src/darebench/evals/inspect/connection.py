"""A run's requests to its model: answers are mended, faults are waited for, and both are told.

Everything that asks an Inspect model asks through its provider's `generate`, whether darebench's
loop or somebody's solver does. So that is where a run follows it. Inspect would retry for hours
without a word; here all attempts of a run know together whether their model answers.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from inspect_ai.model import Model, ModelAPI, ModelOutput
from inspect_ai.util import LimitExceededError, suspend_working_limit

from darebench.errors import ProviderFault
from darebench.evals.inspect.answers import mended
from darebench.evals.inspect.completions import UnusableAnswer, read_completion
from darebench.evals.inspect.context_full import is_context_full
from darebench.evals.inspect.faults import Fault, fault_of
from darebench.evals.inspect.providers import DarebenchAPI

PATIENCE_S = 600.0
"""How long a run waits for a model that answers nobody, before it is given up."""
LONGEST_WAIT_S = 15.0
"""Longest wait between two tries of one request, unless the server asks for a longer one."""
MOST_TRIES = 6
"""Tries of a request that fails while the model answers others: the fault lies with it."""
TELL_AFTER_S = 3.0
TELL_EVERY_S = 20.0
SLOW_S = 60.0
"""When a request that has no answer yet is first mentioned."""
_RETRIED = frozenset((408, 409, 425, 429, 500, 502, 503, 504, 520, 522, 524, 529))

Say = Callable[[str], None]


def ignore(told: object) -> None:
    """Do nothing with what is told."""


@dataclass(slots=True, eq=False)
class Connection:
    """What the attempts of a run know of their model."""

    model: str
    address: str
    """Where it is, without a password."""
    key: str | None = field(default=None, repr=False)
    """What must not stand in any message."""
    say: Say = ignore
    give_up: Callable[[ProviderFault], None] = ignore
    """Is told when the model is given up."""
    waiting: int = 0
    """Requests that wait for their next try."""
    open: int = 0
    """Requests that wait for an answer."""
    why: str = ""
    silent_since: float | None = None
    """When the first request failed after the last answer."""
    answered: float = 0.0
    """When the model last answered."""
    gone: str | None = None
    """Why the model is given up, if it is."""
    _told: float = 0.0
    _has_told: bool = False
    _warned: set[str] = field(default_factory=set)

    def warn(self, text: str) -> None:
        """Report something once."""
        if text not in self._warned:
            self._warned.add(text)
            self.say(text)

    def words(self, fault: Fault) -> str:
        """Return a fault as a sentence that names the model and its address."""
        return self.without_key(f"the model {self.model} at {self.address}: {fault.what}")

    def without_key(self, text: str) -> str:
        """Return a text without the key, which some servers repeat when they refuse it."""
        key = self.key
        return text.replace(key, "***") if key and len(key) > 5 else text

    async def request(self, ask: Callable[[], Awaitable[Any]], most_retries: int | None) -> Any:
        """Ask until there is an answer.

        Args:
            ask: Makes the request once.
            most_retries: Most retries of it; None for as long as the model may come back.

        Raises:
            ProviderFault: There is none, and there will be none.
        """
        tries, first = 0, 0.0
        while True:
            if self.gone is not None:
                raise ProviderFault(self.gone)
            try:
                result = await self._asked(ask)
            except Exception as error:
                fault = fault_of(error)
                if not may_pass(error, fault):
                    self._answers()
                    raise
                now = time.monotonic()
                tries, first = tries + 1, first or now
                self._failed(fault, now)
                if not self._goes_on(tries, first, fault, most_retries):
                    raise ProviderFault(self.gone or self.words(fault)) from error
                await self._wait(tries, fault, now)
            else:
                self._answers()
                return result

    async def _asked(self, ask: Callable[[], Awaitable[Any]]) -> Any:
        start = time.monotonic()
        loop = asyncio.get_running_loop()

        def still() -> None:
            nonlocal timer
            self._tell(
                f"no answer from the model at {self.address} for "
                f"{time.monotonic() - start:.0f} s; {_count(self.open, 'request')} open"
            )
            timer = loop.call_later(SLOW_S, still)

        timer = loop.call_later(SLOW_S, still)
        self.open += 1
        try:
            return await ask()
        finally:
            self.open -= 1
            timer.cancel()

    def _failed(self, fault: Fault, now: float) -> None:
        self.silent_since = self.silent_since or now
        self.why = self.without_key(fault.what)

    def _goes_on(self, tries: int, first: float, fault: Fault, most_retries: int | None) -> bool:
        if most_retries is not None:
            return tries <= most_retries
        silent_s = time.monotonic() - (self.silent_since or time.monotonic())
        if silent_s >= PATIENCE_S:
            self.gone = self.without_key(
                f"the model {self.model} at {self.address} has answered nothing for "
                f"{silent_s:.0f} s ({fault.what}); what is done is kept, and the same command "
                "continues"
            )
            self.give_up(ProviderFault(self.gone))
            return False
        # While others are answered, only a limit on how much may be asked is worth a wait.
        is_limited = fault.status == 429 and time.monotonic() - first < PATIENCE_S
        return is_limited or self.answered < first or tries < MOST_TRIES

    async def _wait(self, tries: int, fault: Fault, failed: float) -> None:
        wait_s = min(LONGEST_WAIT_S, 2.0 ** (tries - 1))
        wait_s = max(wait_s, min(fault.retry_after_s or 0.0, 60.0)) * random.uniform(0.8, 1.2)
        self.waiting += 1
        try:
            with suspend_working_limit():  # this is no time of the model's work
                while (left_s := failed + wait_s - time.monotonic()) > 0:
                    self._tell_of_waiting()
                    await asyncio.sleep(min(1.0, left_s))
                    if self.gone or (fault.status != 429 and self.answered > failed):
                        return
        finally:
            self.waiting -= 1

    def _tell_of_waiting(self) -> None:
        silent_s = time.monotonic() - (self.silent_since or time.monotonic())
        if self.silent_since is not None and silent_s >= TELL_AFTER_S:
            who = "1 attempt waits" if self.waiting == 1 else f"{self.waiting} attempts wait"
            self._tell(f"{who} for the model at {self.address}: {self.why}, for {silent_s:.0f} s")

    def _tell(self, text: str) -> None:
        now = time.monotonic()
        if not self._has_told or now - self._told >= TELL_EVERY_S:
            self._told, self._has_told = now, True
            self.say(text)

    def _answers(self) -> None:
        now = time.monotonic()
        if self.silent_since is not None and self._told > self.silent_since:
            silent_s = now - self.silent_since
            self.say(f"the model at {self.address} answers again, after {silent_s:.0f} s")
            self._has_told = False
        self.silent_since, self.answered = None, now


def follow(
    model: Model, say: Say = ignore, give_up: Callable[[ProviderFault], None] = ignore
) -> Connection | None:
    """Make an Inspect model's requests go through a new connection; None for a built-in agent.

    Args:
        model: The model, whose provider is changed in place.
        say: Is told what a person should know.
        give_up: Is told when the model has answered nobody for too long.
    """
    api = model.api
    if isinstance(api, DarebenchAPI):
        return None
    connection = Connection(
        model=str(model),
        address=address_of(api),
        key=getattr(api, "api_key", None),
        say=say,
        give_up=give_up,
    )
    generate = getattr(api.generate, "original", api.generate)

    async def followed(*args: Any, **kwargs: Any) -> Any:
        _mend_client(api)
        config = kwargs.get("config")

        async def ask() -> Any:
            result = await generate(*args, **kwargs)
            failed = result[0] if isinstance(result, tuple) else result
            if isinstance(failed, Exception):
                raise failed
            return result

        try:
            result = await connection.request(ask, getattr(config, "max_retries", None))
        except LimitExceededError:
            raise
        except Exception as error:
            if isinstance(error, ProviderFault) and not isinstance(error, UnusableAnswer):
                raise
            fault = fault_of(error)
            if is_context_full(fault.status, fault.text):
                return ModelOutput.from_content(
                    model.name, "", stop_reason="model_length", error=None
                )
            raise ProviderFault(connection.words(fault)) from error
        return mended(result)

    followed.__dict__["original"] = generate
    followed.__dict__["connection"] = connection
    setattr(api, "generate", followed)  # noqa: B010 -- the method of one object
    return connection


def connection_of(model: Model) -> Connection | None:
    """Return the connection that a model's requests go through, which is made if there is none."""
    return getattr(model.api.generate, "connection", None) or follow(model)


def address_of(api: ModelAPI) -> str:
    """Return where a provider sends its requests, without a password."""
    client = getattr(api, "client", None)
    url = str(getattr(client, "base_url", None) or api.base_url or "its provider")
    scheme, slashes, rest = url.rstrip("/").partition("://")
    return f"{scheme}{slashes}{rest.rpartition('@')[2]}" if slashes else url


def may_pass(error: BaseException, fault: Fault) -> bool:
    """Check whether a request that failed may succeed later."""
    if is_context_full(fault.status, fault.text):
        return False
    if isinstance(error, UnusableAnswer):
        return error.status is None or error.status in _RETRIED
    if fault.status is not None:
        return fault.status in _RETRIED
    return _is_unanswered(error)


def _is_unanswered(error: BaseException | None) -> bool:
    """Check whether there was no answer, or none to the end."""
    names = ("Connect", "Timeout", "Protocol", "ReadError", "WriteError", "Connection")
    for _ in range(12):
        if error is None:
            return False
        if isinstance(error, OSError) or any(name in type(error).__name__ for name in names):
            return "UnsupportedProtocol" not in type(error).__name__
        error = error.__cause__
    return False


def _mend_client(api: ModelAPI) -> None:
    """Read the answers of an OpenAI client ourselves; its own retries would say nothing."""
    client = getattr(api, "client", None)
    if client is None or type(client).__module__.partition(".")[0] != "openai":
        return
    client.max_retries = 0
    completions = client.chat.completions
    if getattr(completions.create, "is_ours", False):
        return
    from openai.types.chat import ChatCompletion

    create, raw = completions.create, completions.with_raw_response.create

    async def ours(**request: Any) -> Any:
        if request.get("stream"):
            return await create(**request)
        response = (await raw(**request)).http_response
        kind = response.headers.get("content-type", "")
        return ChatCompletion.construct(**read_completion(response.content, kind, request))

    ours.__dict__["is_ours"] = True
    completions.create = ours


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
