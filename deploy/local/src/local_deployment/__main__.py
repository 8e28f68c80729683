"""The commands of the Makefile: `python -m local_deployment run|migrate|doctor|backup|…`."""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from local_deployment import backup, doctor, locks, openapi, restore, runner
from local_deployment.errors import LocalError

COMMANDS: dict[str, tuple[Callable[[], int], str]] = {
    "run": (runner.run, "start everything and wait for Ctrl-C"),
    "migrate": (runner.migrate, "bring the database schemas up to date"),
    "doctor": (doctor.examine, "look at the house that runs here"),
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
    add_file_commands(commands)
    chosen = parser.parse_args()
    try:
        if chosen.command == "backup":
            return backup.backup(chosen.file)
        if chosen.command == "restore":
            return restore.restore(chosen.file, is_replacing=chosen.replace)
        return COMMANDS[chosen.command][0]()
    except LocalError as error:
        print(f"\n{error}\n", file=sys.stderr)
        return 1


def add_file_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    backing_up = commands.add_parser("backup", help="write all that the database holds to a file")
    backing_up.add_argument("file", type=Path)
    restoring = commands.add_parser("restore", help="make the database what a backup holds")
    restoring.add_argument("file", type=Path)
    restoring.add_argument(
        "--replace", action="store_true", help="give up all that the database holds now"
    )


if __name__ == "__main__":
    sys.exit(main())
