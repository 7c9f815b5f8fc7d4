"""The sandbox's server on a Ray cluster: the same application in replicas behind one address.

A session's name begins with its replica's, and the router sends what is asked of it there. A call
that a replica's end interrupts gets 500 or 503 from Ray, at which clients ask again, and another
replica answers.
"""

from __future__ import annotations

import contextlib
import signal
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from ray import serve
from ray.serve.config import AutoscalingConfig, RequestRouterConfig
from starlette.types import ASGIApp

from darebench.errors import ConfigError
from darebench.parallel import connect_ray
from darebench.sandbox.http.listen import listen_on, require_token, url_of
from darebench.sandbox.http.server import ServerSettings, build_app
from darebench.sandbox.local import LocalExecutor

APPLICATION = "darebench-sandbox"
ROUTER = "darebench.sandbox.http.sticky:StickyRouter"
UPSCALE_S = 3.0
"""How long the queue must be long before another replica is started."""
DRAIN_S = 60.0
"""How long a replica that is to end may take to answer what it has admitted."""


def serve_on_ray(
    host: str,
    port: int,
    settings: ServerSettings,
    *,
    replicas: int | None,
    ready: Callable[[str], None],
) -> None:
    """Serve on the Ray cluster at `RAY_ADDRESS`, else on one that is started here, until a signal.

    Args:
        host: Name or address to listen on.
        port: Port to listen on; 0 takes a free one.
        settings: What each replica grants.
        replicas: The most replicas; as many as the cluster has room for without it.
        ready: Called with the server's URL when it takes calls.

    Raises:
        ConfigError: The address cannot be used, or only with a token, or the cluster cannot be
            reached or has no room for one replica.
    """
    with listen_on(host, port) as listening:  # Ray would only say that its proxies failed
        require_token(listening, host, settings)
        url, port = url_of(listening), listening.getsockname()[1]
    ended = threading.Event()
    ray = connect_ray()
    try:
        room = int(ray.cluster_resources().get("CPU", 0)) // settings.slots
        if not room:
            raise ConfigError(
                f"no node of the Ray cluster has {settings.slots} processors; give fewer --slots"
            )
        with contextlib.redirect_stdout(sys.stderr):  # stdout belongs to our result
            serve.start(http_options={"host": host, "port": port})
            deployment = _deployment(settings, most=min(replicas or room, room))
            serve.run(deployment.bind(), name=APPLICATION, route_prefix="/")
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: ended.set())
        ready(url)
        ended.wait()
    finally:
        with contextlib.redirect_stdout(sys.stderr):
            serve.shutdown()
            ray.shutdown()


def _deployment(settings: ServerSettings, *, most: int) -> Any:
    """Return the deployment: all replicas at first, and then as many as the queue asks for."""

    def build() -> ASGIApp:
        return _build(settings)

    scaling = AutoscalingConfig(
        min_replicas=1,
        initial_replicas=most,
        max_replicas=most,
        target_ongoing_requests=2 * settings.slots,
        upscale_delay_s=UPSCALE_S,
    )
    return serve.deployment(
        serve.ingress(build)(),
        name="Sandbox",
        ray_actor_options={"num_cpus": settings.slots},
        autoscaling_config=scaling,
        max_ongoing_requests=settings.slots + settings.queue,
        graceful_shutdown_timeout_s=DRAIN_S,
        request_router_config=RequestRouterConfig.model_validate({"request_router_class": ROUTER}),
    )


def _build(settings: ServerSettings) -> ASGIApp:
    """Build a replica's application, in its process."""
    executor = LocalExecutor(settings.slots, warm=settings.warm)
    executor.start_now()
    name = serve.get_replica_context().replica_id.unique_id
    return build_app(executor, replace(settings, replica=name))
