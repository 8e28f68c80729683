"""Ends a request that takes too long or whose client went away, by cancelling its task.

One timer per request; a request that is answered at once pays for nothing else.
"""

import asyncio

from gateway.exchange import Exchange
from gateway.routes import Limits

LOOK_AFTER_SECONDS = 0.05


class Watch:
    """Watches the current task while it serves one exchange."""

    def __init__(self, exchange: Exchange, limits: Limits) -> None:
        self.client_left = False
        self._timed_out = False
        self._exchange = exchange
        self._limits = limits
        self._loop = asyncio.get_running_loop()
        self._task = asyncio.current_task()
        self._may_listen = False
        self._listener: asyncio.Task[None] | None = None

    def __enter__(self) -> "Watch":
        self._began_at = self._progress_at = self._loop.time()
        first_look = min(LOOK_AFTER_SECONDS, self._limits.total_seconds)
        self._timer = self._loop.call_later(first_look, self._look)
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
        if self._listener is not None:
            self._listener.cancel()

    def progress(self) -> None:
        """Note that something has arrived from one of the two sides."""
        self._progress_at = self._loop.time()

    def listen(self) -> None:
        """Allow listening for the client to go away: its body has been read to the end."""
        self._may_listen = True
        if self._loop.time() - self._began_at > LOOK_AFTER_SECONDS:
            self._start_listening()

    def absorb_cancellation(self) -> None:
        """Go on after a cancellation by this watch; one by anybody else is raised again."""
        if not (self.client_left or self._timed_out) or self._task is None:
            raise asyncio.CancelledError
        self._task.uncancel()

    def _look(self) -> None:
        now = self._loop.time()
        ends_at = min(
            self._began_at + self._limits.total_seconds,
            self._progress_at + self._limits.idle_seconds,
        )
        if now >= ends_at:
            self._timed_out = True
            self._cancel()
            return
        self._timer = self._loop.call_at(ends_at, self._look)
        if self._may_listen:
            self._start_listening()

    def _start_listening(self) -> None:
        if self._listener is None:
            self._listener = self._loop.create_task(self._listen())

    async def _listen(self) -> None:
        while (await self._exchange.receive())["type"] != "http.disconnect":
            pass
        if not self._exchange.finished:
            self.client_left = True
            self._cancel()

    def _cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()
