"""OpenFisca-Core as a peer: installed into an environment of its own, spoken to over a pipe.

It is AGPL: it stays out of the project's locks, and nothing of it is imported here.
"""

import json
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from criteria.assessments import arrays
from criteria.assessments.plans import Plan
from local_deployment import layout

from tests.benchmarks import states
from tests.benchmarks.states import Case

VERSION = "46.0.1"
SCRIPT = Path(__file__).with_name("openfisca_country.py")


@dataclass
class Asked:
    """A process that holds the country and measures itself when asked."""

    process: "subprocess.Popen[str]"
    folder: Path
    seconds: dict[str, list[float]] = field(default_factory=dict)

    def run(self, name: str) -> None:
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write(f"{name}\n")
        self.process.stdin.flush()
        self.seconds.setdefault(name, []).append(float(self.process.stdout.readline()))

    def met_counts(self) -> Any:
        return np.load(self.folder / "met.npy")

    @property
    def medians(self) -> dict[str, float]:
        return {name: statistics.median(found) for name, found in self.seconds.items()}


@dataclass(frozen=True)
class Peer:
    """An interpreter that has OpenFisca-Core."""

    python: Path

    @contextmanager
    def running(self, case: Case) -> Iterator[Asked]:
        with tempfile.TemporaryDirectory() as place:
            folder = Path(place)
            _write(folder, case)
            process = subprocess.Popen(
                [self.python, SCRIPT, folder],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            try:
                assert process.stdout
                assert process.stdout.readline() == "ready\n"
                yield Asked(process, folder)
            finally:
                process.communicate()


def prepare() -> Peer | None:
    """Return the peer, made in .local on the first call; None where it cannot be installed."""
    folder = layout.local_folder() / f"openfisca-{VERSION}"
    python = folder / "bin" / "python"
    if not (folder / "complete").exists():
        shutil.rmtree(folder, ignore_errors=True)
        commands = [
            [sys.executable, "-m", "venv", str(folder)],
            [str(python), "-m", "pip", "install", "-q", f"openfisca-core=={VERSION}"],
        ]
        for command in commands:
            if subprocess.run(command, capture_output=True).returncode != 0:
                return None
        (folder / "complete").touch()
    return Peer(python)


def _write(folder: Path, case: Case) -> None:
    plan = case.compiled.plan(states.ON)
    bounds = [*plan.criteria_starts.tolist(), len(plan.indicators)]
    rules = {
        "period": f"{states.ON:%Y-%m}",
        "slots": sorted({measure.slot for measure in plan.measures}),
        "indicators": [_rule(plan, int(column)) for column in plan.indicators],
        "criteria": list(pairwise(bounds)),
    }
    (folder / "rules.json").write_text(json.dumps(rules))
    groups = [
        arrays._combination(case.compiled, case.sheets, group.key.attributes)
        for group in plan.groups
    ]
    packed = states.Stored.of(case).packed
    np.savez(
        folder / "states.npz",
        values=case.sheets.values.astype(np.int32),
        groups=np.array(groups, np.int32),
        packed=np.array([np.frombuffer(row, np.uint8) for row in packed]),
        texts=np.array(groups, np.int32).astype(str),
    )


def _rule(plan: Plan, column: int) -> dict[str, Any]:
    """One column of the plan as a tree."""
    if column >= plan.leaves:
        operation = plan.operations[column - plan.leaves]
        assert operation.kind in ("all_of", "k_of_n", "if_present"), operation.kind
        parts = [_rule(plan, part) for part in operation.columns]
        return {"kind": operation.kind, "parts": parts, "k": operation.k}
    number, group = next(
        (number, group)
        for number, group in enumerate(plan.groups)
        if group.columns.start <= column < group.columns.stop
    )
    place = column - group.columns.start
    slot = int(group.slots[place])
    row = place if group.key.is_sparse else slot
    return {
        "kind": "leaf",
        "slot": slot,
        "group": number,
        "sign": -1 if group.key.is_folded else 1,
        "thresholds": group.strictest[:, row].tolist(),
    }
