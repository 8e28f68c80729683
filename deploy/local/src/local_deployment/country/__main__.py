"""`make demo-country`: start the house, fill it with a country, stop it again."""

import os
import signal
import sys

from local_deployment import runner
from local_deployment.country.loading import load
from local_deployment.country.sizes import size_named
from local_deployment.errors import LocalError
from local_deployment.progress import Progress


def main() -> int:
    """Load the size that SIZE names; small when it names none."""
    progress = Progress(is_shown=True)
    try:
        size = size_named(os.environ.get("SIZE") or "small")
        house = runner.open_house(progress)
        progress.say(f"A country of data, size {size.name}")
        with runner.on_stop_signals(runner.ask_to_stop):
            try:
                house.start()
                load(house, size, progress)
            finally:
                with runner.on_stop_signals(signal.SIG_IGN):
                    house.stop()
    except runner.StopAskedError:
        return 130
    except LocalError as error:
        print(f"\n{error}\n", file=sys.stderr)
        return 1
    progress.say("Loaded; `make run` shows it")
    return 0


if __name__ == "__main__":
    sys.exit(main())
