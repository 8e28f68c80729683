"""The commands of the Makefile: `python -m local_deployment run|migrate|openapi|locks`."""

import argparse
import sys
from collections.abc import Callable

from local_deployment import locks, openapi, runner
from local_deployment.errors import LocalError

COMMANDS: dict[str, tuple[Callable[[], int], str]] = {
    "run": (runner.run, "start everything and wait for Ctrl-C"),
    "migrate": (runner.migrate, "bring the database schemas up to date"),
    "openapi": (openapi.write, "write the OpenAPI document of each service"),
    "check-openapi": (openapi.check, "tell which OpenAPI documents are not up to date"),
    "locks": (locks.write, "compile the locks anew from the package files"),
    "check-locks": (locks.check, "tell whether the locks agree with the package files"),
}


def main() -> int:
    """Run one command; what goes wrong is told in words, not as a trace."""
    parser = argparse.ArgumentParser(prog="python -m local_deployment")
    commands = parser.add_subparsers(dest="command", required=True)
    for name, (_, purpose) in COMMANDS.items():
        commands.add_parser(name, help=purpose)
    chosen = parser.parse_args().command
    try:
        return COMMANDS[chosen][0]()
    except LocalError as error:
        print(f"\n{error}\n", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
