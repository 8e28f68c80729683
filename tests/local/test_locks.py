"""The locks: what counts as an address, and what holds a compilation to what is locked."""

import pytest
from local_deployment import layout, locks

LOCK = """\
alpha==1.0 \\
    --hash=sha256:00
    # via beta
beta[extra]==2.0 ; python_full_version < '3.12' \\
    --hash=sha256:01
    # via https://example.test is only a comment
"""


def test_the_pins_of_a_lock_become_constraints() -> None:
    assert locks.pins(LOCK) == ["alpha==1.0", "beta[extra]==2.0 ; python_full_version < '3.12'"]


@pytest.mark.parametrize(
    "line",
    [
        "--index-url https://example.test/simple",
        "--extra-index-url file:///simple",
        "--find-links /wheels",
        "alpha @ https://example.test/alpha.whl",
        "alpha @ file:///alpha.whl",
    ],
)
def test_an_address_is_found_wherever_it_stands(line: str) -> None:
    assert locks.addresses(LOCK + line + "\n") == [line]


@pytest.mark.parametrize(
    "name", [*locks.EXPORT_OPTIONS, "deploy/local/build.lock", "deploy/local/installer.lock"]
)
def test_every_pin_of_our_locks_has_a_hash_and_no_address(name: str) -> None:
    text = (layout.ROOT / name).read_text(encoding="utf-8")
    assert locks.addresses(text) == []
    entries = [entry for entry in text.split("\n") if entry and not entry.startswith((" ", "#"))]
    assert len(locks.pins(text)) == len(entries) > 0
    assert all(entry.endswith("\\") for entry in entries)


def test_locks_of_run_and_test_name_the_same_versions() -> None:
    run, test = (
        set(locks.pins((layout.ROOT / name).read_text(encoding="utf-8")))
        for name in ("requirements.lock", "requirements-dev.lock")
    )
    assert run <= test
