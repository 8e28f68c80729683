"""Judging a country in memory, beside a copy of the bytes that it reads, and beside OpenFisca.

Processor time of one thread: other programs that want the machine do not change it much.
"""

import time

import numpy as np
import pytest
from criteria.assessments import arrays

from tests.benchmarks import openfisca, states
from tests.benchmarks.states import Case
from tests.benchmarks.table import Table, in_turn

ROUNDS = 41


@pytest.mark.parametrize("areas", [states.TODAY_AREAS, states.FORMER_AREAS])
@pytest.mark.parametrize("has_open_states", [False, True], ids=["settled", "open"])
def test_evaluation_beside_a_memory_copy(table: Table, areas: int, has_open_states: bool) -> None:
    case = states.case(areas, has_open_states=has_open_states)
    read = _bytes_read(case)
    written = [np.empty_like(array) for array in read]

    def copy() -> None:
        for target, source in zip(written, read, strict=True):
            np.copyto(target, source)

    found = in_turn(
        {"ours": lambda: arrays.evaluate(case.compiled, case.sheets, states.ON), "copy": copy},
        rounds=ROUNDS,
        warm=3,
        clock=time.thread_time,
    )
    kind = "open states" if has_open_states else "met or not"
    table.times(
        f"evaluate {areas:,} areas, {kind}",
        ours=found["ours"],
        peer=found["copy"],
        peer_name="copy",
        at_most=4 if has_open_states else 2,
    )


def test_evaluation_beside_openfisca(table: Table) -> None:
    peer = openfisca.prepare()
    if peer is None:
        table.leave_out("OpenFisca-Core (could not be installed)")
        pytest.skip("OpenFisca-Core could not be installed")
    case = states.case(states.FORMER_AREAS, has_open_states=False)
    stored = states.Stored.of(case)
    with peer.running(case) as asked:
        theirs = asked.met_counts()
        ours = arrays.evaluate(case.compiled, case.sheets, states.ON).indicators_met
        same = int((theirs == ours).sum())
        assert same == len(ours), f"OpenFisca agrees on {same} of {len(ours)} areas only"
        found = in_turn(
            {"ours": lambda: arrays.evaluate(case.compiled, case.sheets, states.ON)}
            | {"laid out": lambda: stored.evaluate(case)}
            | {name: lambda name=name: asked.run(name) for name in ("prepared", "layout", "lean")},
            rounds=9,
            clock=time.thread_time,
        )
        found |= asked.medians
    for name, key, least, mine in (
        ("prepared", "prepared", 100.0, "ours"),
        ("prepared, its thresholds past its parameters", "lean", None, "ours"),
        ("with layout", "layout", 8.0, "laid out"),
    ):
        table.faster(
            f"evaluate {states.FORMER_AREAS:,} areas, {name}",
            ours=found[mine],
            peer=found[key],
            peer_name="OpenFisca-Core",
            at_least=least,
        )


def _bytes_read(case: Case) -> list[np.ndarray]:  # type: ignore[type-arg]
    slots = case.compiled.plan(states.ON).slots
    sheets = case.sheets
    return [
        np.ascontiguousarray(array[:, :slots])
        for array in (sheets.values, sheets.observed, sheets.qualifiers)
    ]
