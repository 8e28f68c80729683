"""`make run`: the house for a person at a terminal, from nothing to an address and back."""

import contextlib
import os
import signal
import time
from collections.abc import Iterator
from types import FrameType

from local_deployment import demonstration_data, layout, roles, welcome
from local_deployment.errors import LocalError
from local_deployment.house import DATABASE, House
from local_deployment.plan import USUAL_PORTS, Ports
from local_deployment.progress import Progress

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class StopAskedError(BaseException):
    """Somebody pressed Ctrl-C or sent a signal; no ordinary handler may swallow it."""


def run() -> int:
    """Start the house, show where it is, and stop it when asked to."""
    progress = Progress(is_shown=True)
    began = time.monotonic()
    house = open_house(progress)
    progress.say("Chung Sức is starting")
    try:
        with stop_signals():
            house.start()
            demonstration_data.load_once(house, progress)
            progress.say(f"Ready after {time.monotonic() - began:.1f} s")
            progress.say(welcome.text(house))
            house.ended.wait()
    except StopAskedError:
        progress.note("Stopping")
    finally:
        with ignored_signals():
            house.stop()
    if house.failure:
        raise LocalError(house.failure)
    progress.say("Stopped; everything is kept in .local")
    return 0


def migrate() -> int:
    """Bring the schemas up to date and stop again."""
    house = open_house(Progress(is_shown=True))
    try:
        with stop_signals():
            house.prepare()
    except StopAskedError:
        return 130
    finally:
        with ignored_signals():
            house.stop()
    return 0


def open_house(progress: Progress) -> House:
    return House(
        layout.local_folder(),
        ports=Ports.usual(gateway=wished_port()),
        database=roles.database_of(os.environ.get("DATABASE_URL", ""), default=DATABASE),
        progress=progress,
        is_demonstration=demonstration_data.is_wished(),
    )


def wished_port() -> int:
    text = os.environ.get("PORT") or str(USUAL_PORTS["gateway"])
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 65_535:
        raise LocalError(f"PORT must be a number from 1 to 65535, not {text!r}.")
    return int(text)


@contextlib.contextmanager
def stop_signals() -> Iterator[None]:
    """Turn the signals that end a program into one exception, while starting and while running."""

    def ask(_number: int, _frame: FrameType | None) -> None:
        raise StopAskedError

    former = {number: signal.signal(number, ask) for number in STOP_SIGNALS}
    try:
        yield
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def ignored_signals() -> Iterator[None]:
    """Let a second Ctrl-C not break off the stopping, which ends by itself."""
    former = {number: signal.signal(number, signal.SIG_IGN) for number in STOP_SIGNALS}
    try:
        yield
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)
