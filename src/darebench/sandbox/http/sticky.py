"""The router of the sandbox's replicas: what is asked of a session goes to where it lives."""

from __future__ import annotations

import pickle
import random
from typing import Any

from ray.serve.request_router import PendingRequest, RequestRouter, RunningReplica

from darebench.sandbox.http.sessions import replica_of


class StickyRouter(RequestRouter):
    """Takes the less busy of two replicas, or the one that a session's name begins with."""

    async def choose_replicas(
        self,
        candidate_replicas: list[RunningReplica],
        pending_request: PendingRequest | None = None,
    ) -> list[list[RunningReplica]]:
        """Return the replica of a session, and where it is gone or none is named any two."""
        name = replica_of(_path(pending_request))
        found = [r for r in candidate_replicas if name and r.replica_id.unique_id == name]
        if found:
            return [found]
        return [random.sample(candidate_replicas, min(2, len(candidate_replicas)))]


def _path(request: PendingRequest | None) -> str:
    """Return the path of a request, which Ray's proxy hands on as its own pickled object."""
    first: Any = request.args[0] if request is not None and request.args else None
    if isinstance(first, bytes):
        first = pickle.loads(first)
    scope = getattr(first, "asgi_scope", None)
    return scope["path"] if isinstance(scope, dict) else ""
