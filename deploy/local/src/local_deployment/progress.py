"""What a person waiting at the terminal sees."""

import contextlib
import sys
import time
from collections.abc import Iterator


class Progress:
    """Says what is being done and how long it took; silent unless told otherwise."""

    def __init__(self, *, is_shown: bool = False) -> None:
        self._is_shown = is_shown
        self._is_mid_line = False

    @contextlib.contextmanager
    def step(self, title: str) -> Iterator[None]:
        """Show a step and, once it is done, its seconds."""
        began = time.monotonic()
        self._write(f"  {title} … ")
        self._is_mid_line = True
        try:
            yield
        except BaseException as error:
            how = "failed" if isinstance(error, Exception) else "stopped"
            self.say(how if self._is_mid_line else f"  {title}: {how}")
            raise
        seconds = f"{time.monotonic() - began:.1f} s"
        self.say(seconds if self._is_mid_line else f"  {title}: {seconds}")

    def say(self, line: str) -> None:
        """Show a line."""
        self._write(f"{line}\n")
        self._is_mid_line = False

    def note(self, line: str) -> None:
        """Show a line of its own, whatever is being written."""
        self.say(f"\n{line}" if self._is_mid_line else line)

    def _write(self, text: str) -> None:
        if self._is_shown:
            sys.stdout.write(text)
            sys.stdout.flush()
