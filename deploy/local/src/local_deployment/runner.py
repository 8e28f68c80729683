"""`make run`: the house for a person at a terminal, from nothing to an address and back."""

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterator
from types import FrameType

from local_deployment import demonstration_data, layout, roles, welcome
from local_deployment.errors import LocalError
from local_deployment.house import DATABASE, House
from local_deployment.plan import USUAL_PORTS, Ports
from local_deployment.progress import Progress

Handler = Callable[[int, FrameType | None], None] | signal.Handlers
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
        with on_stop_signals(ask_to_stop):
            house.start()
            demonstration_data.load_once(house, progress)
            progress.say(f"Ready after {time.monotonic() - began:.1f} s")
            progress.say(welcome.text(house))
            house.ended.wait()
    except StopAskedError:
        progress.note("Stopping")
    finally:
        # Stopping ends by itself: a second Ctrl-C must not break it off half-way.
        with on_stop_signals(signal.SIG_IGN):
            house.stop()
    if house.failure:
        raise LocalError(house.failure)
    progress.say("Stopped; everything is kept in .local")
    return 0


def migrate() -> int:
    """Bring the schemas up to date and stop again."""
    house = open_house(Progress(is_shown=True))
    try:
        with on_stop_signals(ask_to_stop):
            house.prepare()
    except StopAskedError:
        return 130
    finally:
        # Stopping ends by itself: a second Ctrl-C must not break it off half-way.
        with on_stop_signals(signal.SIG_IGN):
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


def ask_to_stop(_number: int, _frame: FrameType | None) -> None:
    raise StopAskedError


@contextlib.contextmanager
def on_stop_signals(handler: Handler) -> Iterator[None]:
    """Answer the signals that end a program in one way, while starting and while running."""
    # Started with nohup, the house is meant to outlive its terminal.
    answered = [number for number in STOP_SIGNALS if not is_nohup(number)]
    former = {number: signal.signal(number, handler) for number in answered}
    try:
        yield
    finally:
        for number, handler_before in former.items():
            signal.signal(number, handler_before)


def is_nohup(number: signal.Signals) -> bool:
    return number is signal.SIGHUP and signal.getsignal(number) is signal.SIG_IGN
