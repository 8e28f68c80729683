"""From a rule's body to the rule tree: an object with exactly one field, the rule's kind."""

from collections.abc import Callable, Mapping
from typing import Literal, cast

from criteria.criteria_sets.fields import (
    PROVENANCE_FIELDS,
    read_code,
    read_count,
    read_exact,
    read_object,
    read_provenance,
    read_text,
)
from criteria.criteria_sets.findings import malformed, read_each
from criteria.criteria_sets.tree import (
    AllOf,
    AnyOf,
    BothSexes,
    Cell,
    Choice,
    Compare,
    CompareKind,
    Delegated,
    IfPresent,
    Known,
    KOfN,
    Provenance,
    RecognitionHeld,
    Row,
    Rule,
    ScoreSheet,
    Span,
    Statement,
    ThresholdTable,
    Undecided,
    Unknown,
)

MAXIMUM_DEPTH = 8
_MAXIMUM_NUMBER = 10**9
_CELL_FIELDS = ("value", "delegated_to", "unknown")

_Read = Callable[[str, object, Provenance, int], Rule]


def read_rule(pointer: str, value: object, *, provenance: Provenance, depth: int = 0) -> Rule:
    """One rule; rows that name no source of their own inherit the given provenance."""
    fields = read_object(pointer, value, required=(), optional=None)
    kind = next(iter(fields), None)
    if len(fields) != 1 or kind not in _READERS:
        names = ", ".join(_READERS)
        raise malformed(
            pointer,
            "unknown-rule",
            vi=f"Quy tắc phải có đúng một trường trong: {names}.",
            en=f"A rule has exactly one field out of: {names}.",
        )
    if depth >= MAXIMUM_DEPTH:
        raise malformed(
            pointer,
            "too-deep",
            vi=f"Quy tắc lồng nhau quá {MAXIMUM_DEPTH} tầng.",
            en=f"Rules are nested deeper than {MAXIMUM_DEPTH} levels.",
        )
    return _READERS[kind](f"{pointer}/{kind}", fields[kind], provenance, depth)


def read_table(pointer: str, value: object, *, provenance: Provenance) -> ThresholdTable:
    """`80`, `"16.5"`, `unknown`, one row object, or a list of rows."""
    if value == "unknown":
        value = {"unknown": True}
    if isinstance(value, int | str):
        return ThresholdTable((Row((), Known(read_exact(pointer, value)), provenance),))
    if isinstance(value, Mapping):
        return ThresholdTable((_row(pointer, value, provenance=provenance),))
    rows = read_each(pointer, value, lambda place, entry: _row(place, entry, provenance=provenance))
    return ThresholdTable(tuple(rows))


def _row(pointer: str, value: object, *, provenance: Provenance) -> Row:
    fields = read_object(pointer, value, required=(), optional=None)
    conditions = tuple(
        _row_condition(f"{pointer}/{name}", name, content)
        for name, content in fields.items()
        if name not in (*_CELL_FIELDS, *PROVENANCE_FIELDS)
    )
    cell = _cell(pointer, fields)
    default = Provenance("unknown") if isinstance(cell, Unknown) else provenance
    ordered = tuple(sorted(conditions, key=lambda condition: condition.dimension))
    return Row(ordered, cell, read_provenance(pointer, fields, default=default))


def _cell(pointer: str, fields: Mapping[str, object]) -> Cell:
    present = [name for name in _CELL_FIELDS if name in fields]
    if len(present) != 1:
        raise malformed(
            pointer,
            "not-one-cell",
            vi="Cần đúng một trong value, delegated_to, unknown.",
            en="Exactly one of value, delegated_to, unknown is needed.",
        )
    if "value" in fields:
        return Known(read_exact(f"{pointer}/value", fields["value"]))
    return _open_cell(pointer, fields)


def _open_cell(pointer: str, fields: Mapping[str, object]) -> Delegated | Unknown:
    if "delegated_to" in fields:
        return Delegated(read_code(f"{pointer}/delegated_to", fields["delegated_to"]))
    if fields.get("unknown") is not True:
        raise malformed(f"{pointer}/unknown", "not-true", vi="Cần true.", en="Needs true.")
    return Unknown()


def _row_condition(pointer: str, name: str, value: object) -> Choice | Span:
    """A name or list of names; a number or {at_least, at_most}."""
    dimension = read_code(pointer, name)
    if isinstance(value, str):
        return Choice(dimension, (read_text(pointer, value),))
    if isinstance(value, list | tuple):
        names = read_each(pointer, value, read_text)
        if not names:
            raise malformed(pointer, "empty", vi="Danh sách rỗng.", en="The list is empty.")
        return Choice(dimension, tuple(sorted(set(names))))
    if isinstance(value, int):
        number = read_count(pointer, value, limit=_MAXIMUM_NUMBER)
        return Span(dimension, number, number)
    fields = read_object(pointer, value, required=(), optional=("at_least", "at_most"))
    ends = {
        end: read_count(f"{pointer}/{end}", content, limit=_MAXIMUM_NUMBER)
        for end, content in fields.items()
    }
    least, most = ends.get("at_least"), ends.get("at_most")
    if not ends or (least is not None and most is not None and least > most):
        raise malformed(pointer, "empty-span", vi="Khoảng rỗng.", en="The span is empty.")
    return Span(dimension, least, most)


def _compare(kind: CompareKind) -> _Read:
    def read(pointer: str, value: object, provenance: Provenance, depth: int) -> Rule:
        fields = read_object(pointer, value, required=("measure", "threshold"), optional=())
        table = read_table(f"{pointer}/threshold", fields["threshold"], provenance=provenance)
        return Compare(kind, read_code(f"{pointer}/measure", fields["measure"]), table)

    return read


def _statement(kind: Literal["yes", "no", "attested"]) -> _Read:
    def read(pointer: str, value: object, provenance: Provenance, depth: int) -> Rule:
        return Statement(kind, read_code(pointer, value))

    return read


def _both_sexes(pointer: str, value: object, provenance: Provenance, depth: int) -> Rule:
    fields = read_object(pointer, value, required=("measure",), optional=("at_least", "at_most"))
    if len(fields) != 2:
        raise malformed(
            pointer,
            "not-one-comparison",
            vi="Cần đúng một trong at_least, at_most.",
            en="Exactly one of at_least, at_most is needed.",
        )
    kind = cast(Literal["at_least", "at_most"], next(name for name in fields if name != "measure"))
    table = read_table(f"{pointer}/{kind}", fields[kind], provenance=provenance)
    return BothSexes(kind, read_code(f"{pointer}/measure", fields["measure"]), table)


def _score_sheet(pointer: str, value: object, provenance: Provenance, depth: int) -> Rule:
    fields = read_object(pointer, value, required=("measure", "threshold"), optional=("mandatory",))
    return ScoreSheet(
        read_code(f"{pointer}/measure", fields["measure"]),
        read_table(f"{pointer}/threshold", fields["threshold"], provenance=provenance),
        tuple(read_each(f"{pointer}/mandatory", fields.get("mandatory", ()), read_code)),
    )


def _rules(pointer: str, value: object, provenance: Provenance, depth: int) -> tuple[Rule, ...]:
    rules = read_each(
        pointer,
        value,
        lambda place, entry: read_rule(place, entry, provenance=provenance, depth=depth + 1),
    )
    if not rules:
        raise malformed(pointer, "empty", vi="Danh sách rỗng.", en="The list is empty.")
    return tuple(rules)


def _all_of(pointer: str, value: object, provenance: Provenance, depth: int) -> Rule:
    return AllOf(_rules(pointer, value, provenance, depth))


def _any_of(pointer: str, value: object, provenance: Provenance, depth: int) -> Rule:
    return AnyOf(_rules(pointer, value, provenance, depth))


def _k_of_n(pointer: str, value: object, provenance: Provenance, depth: int) -> Rule:
    fields = read_object(pointer, value, required=("k", "of"), optional=())
    return KOfN(
        read_count(f"{pointer}/k", fields["k"]),
        _rules(f"{pointer}/of", fields["of"], provenance, depth),
    )


def _if_present(pointer: str, value: object, provenance: Provenance, depth: int) -> Rule:
    fields = read_object(pointer, value, required=("measure", "rule"), optional=())
    rule = read_rule(f"{pointer}/rule", fields["rule"], provenance=provenance, depth=depth + 1)
    return IfPresent(read_code(f"{pointer}/measure", fields["measure"]), rule)


def _recognition_held(pointer: str, value: object, provenance: Provenance, depth: int) -> Rule:
    return RecognitionHeld(read_code(pointer, value))


def _undecided(pointer: str, value: object, provenance: Provenance, depth: int) -> Rule:
    fields = read_object(
        pointer, value, required=("measures",), optional=("delegated_to", "unknown")
    )
    if len(fields) != 2:
        raise malformed(
            pointer,
            "not-one-cell",
            vi="Cần đúng một trong delegated_to, unknown.",
            en="Exactly one of delegated_to, unknown is needed.",
        )
    measures = read_each(f"{pointer}/measures", fields["measures"], read_code)
    return Undecided(_open_cell(pointer, fields), tuple(measures))


_READERS: dict[str, _Read] = {
    "at_least": _compare("at_least"),
    "at_most": _compare("at_most"),
    "equals": _compare("equals"),
    "level_at_least": _compare("level_at_least"),
    "yes": _statement("yes"),
    "no": _statement("no"),
    "attested": _statement("attested"),
    "both_sexes": _both_sexes,
    "score_sheet": _score_sheet,
    "all_of": _all_of,
    "any_of": _any_of,
    "k_of_n": _k_of_n,
    "if_present": _if_present,
    "recognition_held": _recognition_held,
    "undecided": _undecided,
}
