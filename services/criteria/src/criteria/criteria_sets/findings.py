"""What is wrong with a criteria set: where, which kind of fault, in both languages."""

from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeVar

Item = TypeVar("Item")


class Finding(NamedTuple):
    """One fault: a JSON pointer into the set, a stable code, and the message."""

    pointer: str
    code: str
    vi: str
    en: str


class Malformed(ValueError):  # noqa: N818 - a verdict on the body, named as one
    """A body that is not a criteria set; carries every finding."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        super().__init__("; ".join(f"{finding.pointer}: {finding.en}" for finding in findings))
        self.findings = list(findings)


def malformed(pointer: str, code: str, *, vi: str, en: str) -> Malformed:
    return Malformed([Finding(pointer, code, vi, en)])


def read_each(pointer: str, value: object, read: Callable[[str, object], Item]) -> list[Item]:
    """Read every item of a list, so that the author sees all faulty items at once."""
    if not isinstance(value, list | tuple):
        raise malformed(pointer, "not-a-list", vi="Cần một danh sách.", en="A list is needed.")
    items: list[Item] = []
    findings: list[Finding] = []
    for index, entry in enumerate(value):
        try:
            items.append(read(f"{pointer}/{index}", entry))
        except Malformed as problem:
            findings.extend(problem.findings)
    if findings:
        raise Malformed(findings)
    return items
