"""Sessions on a server, from the client's side."""

from __future__ import annotations

import base64
import contextlib
import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote

import httpx
from pydantic import BaseModel, ValidationError

from darebench.errors import ConfigError, SandboxFault
from darebench.sandbox.http import session_wire as wire
from darebench.sandbox.http.post import CONNECT_S, is_here, reason
from darebench.sandbox.http.statuses import Verdict, retry_after, setting_problem, verdict_on
from darebench.sandbox.names import problem_with_files
from darebench.sandbox.patience import jittered
from darebench.sandbox.program import Limits, StepOutcome

ANSWER_S = 600.0
"""How long past its wall-clock limit a step's answer may take; it may wait in a queue there."""
BUSY_S = 300.0
"""How long a server without room is waited for."""
_M = TypeVar("_M", bound=BaseModel)


class RemoteFamily:
    """A session on a server, and its forks there.

    Only a request that the server has sent away unread is tried again: a step that was interrupted
    may have been kept.
    """

    def __init__(
        self, url: str, token: str | None, load: Mapping[str, Path], limits: Limits
    ) -> None:
        """Open the first session.

        Raises:
            ConfigError: A file may not go in, or the server does not grant what is asked for.
            SandboxFault: The server fails, or has no room.
        """
        problem = problem_with_files(load, limits)
        if problem is not None:
            raise ConfigError(problem)
        self._url = url.rstrip("/")
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._client = httpx.Client(headers=headers, trust_env=not is_here(url))
        self._names: dict[int, wire.Opened] = {}
        self._n_made = 0
        self._ended: Callable[[], None] = lambda: None
        content = {
            "files": {n: base64.b64encode(p.read_bytes()).decode() for n, p in load.items()},
            "seconds": limits.wall_s,
            "memory_MB": limits.memory_mb,
        }
        self.limits = limits
        try:
            self.first = self._take(self._ask("POST", wire.PATH, wire.Opened, content))
        except BaseException:
            self._client.close()
            raise

    def _take(self, opened: wire.Opened) -> int:
        self._n_made += 1
        self._names[self._n_made] = opened
        return self._n_made

    def on_end(self, tell: Callable[[], None]) -> None:
        """Have a function called when the last session is closed."""
        self._ended = tell

    def run(self, session: int, code: str, seconds: float, *, keep_failed: bool) -> StepOutcome:
        """Run a step."""
        content = {
            "code": code.encode(errors="replace").decode(),
            "seconds": seconds,
            "keep_failed": keep_failed,
        }
        answer = self._of(session, "POST", "/run", wire.RunAnswer, content, seconds)
        try:
            return wire.read(answer)
        except ValueError as error:
            raise SandboxFault(f"the sandbox server's answer is malformed: {error}") from None

    def stop(self) -> None:
        """End the step that runs, by hanging up."""
        self._client.close()
        self._client = httpx.Client(headers=self._client.headers, trust_env=not is_here(self._url))

    def fork(self, session: int) -> int:
        """Open another session with the state of this one."""
        return self._take(self._of(session, "POST", "/fork", wire.Opened, {}))

    def files(self, session: int) -> tuple[str, ...]:
        """Return the names of the files."""
        return tuple(self._of(session, "GET", "/files", wire.FilesAnswer).files)

    def read(self, session: int, name: str) -> bytes:
        """Return what a file holds.

        Raises:
            FileNotFoundError: There is no such file, or it may not leave.
        """
        return self._of(session, "GET", f"/files/{quote(name)}", wire.FileAnswer).content

    def close(self, session: int) -> None:
        """End a session."""
        opened = self._names.pop(session)
        with contextlib.suppress(httpx.HTTPError):  # the server closes it when it is idle
            path = f"{self._url}{wire.PATH}/{opened.session}"
            self._client.delete(path, headers={wire.TOKEN_HEADER: opened.token})
        if not self._names:
            self._client.close()
            self._ended()

    def _of(
        self,
        session: int,
        method: str,
        path: str,
        answer: type[_M],
        content: object = None,
        seconds: float = 0.0,
    ) -> _M:
        opened = self._names[session]
        full = f"{wire.PATH}/{opened.session}{path}"
        return self._ask(method, full, answer, content, seconds, opened.token)

    def _ask(
        self,
        method: str,
        path: str,
        answer: type[_M],
        content: object = None,
        seconds: float = 0.0,
        token: str = "",
    ) -> _M:
        body = None if content is None else json.dumps(content).encode()
        headers = {wire.TOKEN_HEADER: token, "Content-Type": "application/json"}
        times = httpx.Timeout(connect=CONNECT_S, read=seconds + ANSWER_S, write=60.0, pool=None)
        deadline = time.monotonic() + BUSY_S
        while True:
            try:
                got = self._client.request(
                    method, self._url + path, content=body, headers=headers, timeout=times
                )
            except httpx.TransportError as error:
                raise SandboxFault(
                    f"the sandbox server at {self._url} failed: {reason(error)}"
                ) from None
            retry_s = retry_after(got.headers)
            verdict = verdict_on(got.status_code, retry_s)
            if verdict is not Verdict.BUSY or time.monotonic() > deadline:
                break
            time.sleep(jittered(retry_s or 1.0))
        return self._read(verdict, got, answer)

    def _read(self, verdict: Verdict, got: httpx.Response, answer: type[_M]) -> _M:
        said = " ".join(got.text[:500].split())
        if verdict is Verdict.ANSWER:
            try:
                return answer.model_validate_json(got.content)
            except ValidationError as error:
                raise SandboxFault(f"the sandbox server's answer is malformed: {error}") from None
        with contextlib.suppress(ValueError, TypeError, KeyError):
            said = str(json.loads(got.content)["detail"])
        if answer is wire.FileAnswer and got.status_code == 404 and "such session" not in said:
            raise FileNotFoundError(said)
        if got.status_code == 400:
            raise ConfigError(said)
        if answer is wire.Opened and got.status_code == 404 and "such session" not in said:
            raise ConfigError(
                f"{self._url} has no sessions; use a `darebench sandbox serve` that grants some"
            )
        if answer is wire.Opened and verdict is Verdict.SETTING:
            where = got.headers.get("Location")
            raise ConfigError(setting_problem(self._url, got.status_code, said, where))
        raise SandboxFault(f"the sandbox server at {self._url}: {got.status_code} {said}")
