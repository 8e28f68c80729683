"""The file of a backup: a tar of pg_dump's archive and a manifest that tells what is in it."""

import contextlib
import hashlib
import json
import os
import shutil
import tarfile
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from local_deployment.contents import ServiceState, TableContent
from local_deployment.errors import LocalError

FORMAT = 1
MANIFEST, ARCHIVE = "manifest.json", "database.dump"


@dataclass(frozen=True)
class Manifest:
    """What a backup holds, read in the very snapshot that was dumped."""

    made_at: str
    server_version: int
    archive_sha256: str
    services: Mapping[str, ServiceState]
    tables: Mapping[str, TableContent]

    @property
    def rows(self) -> int:
        """Number of rows of all tables."""
        return sum(content.rows for content in self.tables.values())

    @classmethod
    def read(cls, text: bytes) -> "Manifest":
        """Read what `write` wrote."""
        told: dict[str, Any] = json.loads(text)
        if told.pop("format") != FORMAT:
            raise ValueError("another format")
        services = {name: ServiceState(*state) for name, state in told.pop("services").items()}
        tables = {name: TableContent(*content) for name, content in told.pop("tables").items()}
        return cls(services=services, tables=tables, **told)

    def write(self) -> str:
        """Return the manifest as JSON."""
        return json.dumps({"format": FORMAT, **asdict(self)}, indent=1)


def write(file: Path, fill: Callable[[Path], Manifest]) -> Manifest:
    """Make a backup file, whole or not at all and readable by its owner alone.

    `fill` writes the archive to the path it is given, and tells what it holds.
    """
    if file.exists():
        raise LocalError(f"{file} exists already; a backup never replaces another.")
    file.parent.mkdir(parents=True, exist_ok=True)
    # Beside the file: a rename is then one step, and the room needed is where it will be.
    with tempfile.TemporaryDirectory(dir=file.parent, prefix=f".{file.name}.") as made:
        folder = Path(made)
        manifest = fill(folder / ARCHIVE)
        (folder / MANIFEST).write_text(manifest.write(), encoding="utf-8")
        partial = folder / "backup.tar"
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as output:
            with tarfile.open(fileobj=output, mode="w") as tar:
                for name in (MANIFEST, ARCHIVE):
                    tar.add(folder / name, arcname=name)
            output.flush()
            os.fsync(output.fileno())
        partial.rename(file)
    return manifest


@contextlib.contextmanager
def unpacked(file: Path, *, beside: Path) -> Iterator[tuple[Manifest, Path]]:
    """Give the manifest and the archive, after finding the archive as it was written."""
    with tempfile.TemporaryDirectory(dir=beside, prefix="restore-") as made:
        archive = Path(made) / ARCHIVE
        try:
            with tarfile.open(file) as tar:
                manifest = Manifest.read(member(tar, MANIFEST).read())
                with archive.open("wb") as output:
                    shutil.copyfileobj(member(tar, ARCHIVE), output)
        except FileNotFoundError:
            raise LocalError(f"{file} does not exist.") from None
        except (tarfile.TarError, ValueError, KeyError, TypeError, EOFError) as error:
            raise LocalError(f"{file} is not a backup of Chung Sức: {error}") from error
        if sha256_of(archive) != manifest.archive_sha256:
            raise LocalError(f"{file} is damaged: its archive is not the one that was written.")
        yield manifest, archive


def member(tar: tarfile.TarFile, name: str) -> Any:
    found = tar.extractfile(name)
    if found is None:
        raise KeyError(name)
    return found


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
