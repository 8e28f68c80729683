"""Secrets that are made once, kept from other users of the machine and never printed."""

import json
import os
import secrets
from collections.abc import Iterable
from pathlib import Path


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
    partial.unlink(missing_ok=True)
    # Private from its first byte: a later chmod would leave a moment for others to read.
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)


def keep_secrets(path: Path, names: Iterable[str]) -> dict[str, str]:
    """Return a secret for each name, from the file where it is kept, made where it is new."""
    wanted = list(names)
    kept: dict[str, str] = {}
    if path.exists():
        kept = json.loads(path.read_text(encoding="utf-8"))
    missing = [name for name in wanted if name not in kept]
    if missing:
        kept |= {name: secrets.token_urlsafe(24) for name in missing}
        write_private(path, json.dumps(kept, indent=2, sort_keys=True) + "\n")
    return {name: kept[name] for name in wanted}
