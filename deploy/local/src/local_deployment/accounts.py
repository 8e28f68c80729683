"""Whom PostgreSQL runs as: oneself, and when that is root somebody without root's rights."""

import os
import pwd
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from local_deployment.errors import LocalError

OWN_NAMESPACE = ("unshare", "--user", "--map-user=1000", "--map-group=1000")


@dataclass(frozen=True)
class Account:
    """A user to run commands as; without a user's name it is the present one."""

    prefix: tuple[str, ...] = ()
    user: str | None = None
    group: str | None = None

    def run(self, command: Sequence[str], *, folder: Path) -> "subprocess.CompletedProcess[str]":
        """Run a command to its end."""
        return subprocess.run(
            [*self.prefix, *command],
            capture_output=True,
            text=True,
            check=False,
            cwd=folder,
            user=self.user,
            group=self.group,
            extra_groups=[] if self.user else None,
        )

    def spawn(
        self, command: Sequence[str], *, folder: Path, log: Path
    ) -> "subprocess.Popen[bytes]":
        """Start a command in a session of its own, its output going to a log."""
        with log.open("ab") as output:
            return subprocess.Popen(
                [*self.prefix, *command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=folder,
                start_new_session=True,
                user=self.user,
                group=self.group,
                extra_groups=[] if self.user else None,
            )

    def works(self, command: Sequence[str], *, folder: Path) -> bool:
        """Tell whether a command can be run as this user."""
        try:
            return self.run(command, folder=folder).returncode == 0
        except (OSError, LookupError):
            return False

    def own(self, path: Path) -> None:
        """Give files to this user where another owns them, as after a change of the way to run."""
        owner = pwd.getpwnam(self.user).pw_uid if self.user else os.geteuid()
        if path.stat().st_uid == owner:
            return
        for item in [path, *path.rglob("*")]:
            shutil.chown(item, owner)


def choose_account(folder: Path, binaries: Path) -> Account:
    """Choose an account that can read `binaries` and write to `folder`."""
    if os.geteuid() != 0:
        return Account()
    # A namespace of its own changes no file's owner, so it goes before another user.
    mapped = Account(prefix=OWN_NAMESPACE)
    if mapped.works([str(binaries / "postgres"), "--version"], folder=folder):
        return mapped
    group = group_of_nobody()
    nobody = Account(user="nobody", group=group)
    shutil.chown(folder, "nobody", group)
    readable = nobody.works([str(binaries / "postgres"), "--version"], folder=folder)
    if not readable or not nobody.works(["test", "-w", str(folder)], folder=folder):
        raise LocalError(
            "PostgreSQL refuses to run as root, and the user nobody cannot reach both\n"
            f"    {binaries}\n    {folder}\n"
            "Run as an ordinary user, or set DATABASE_URL to a running server."
        )
    return nobody


def group_of_nobody() -> str:
    # Debian says nogroup, Red Hat and Alpine say nobody.
    done = subprocess.run(["getent", "group", "nogroup"], capture_output=True, check=False)
    return "nogroup" if done.returncode == 0 else "nobody"
