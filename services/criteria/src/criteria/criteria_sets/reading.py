"""From a JSON body (or our YAML, which is the same thing) to a criteria set."""

from collections.abc import Mapping
from datetime import date

from criteria.criteria_sets.fields import (
    PROVENANCE_FIELDS,
    read_code,
    read_count,
    read_day,
    read_flag,
    read_object,
    read_optional_text,
    read_provenance,
    read_text,
)
from criteria.criteria_sets.findings import malformed, read_each
from criteria.criteria_sets.reading_rules import read_rule
from criteria.criteria_sets.tree import (
    Attribute,
    Band,
    Case,
    CaseValue,
    Condition,
    CriteriaSet,
    Criterion,
    Indicator,
    Override,
    Ratio,
    Version,
)

_SET_REQUIRED = (
    *("code", "version", "name_vi", "name_en", "legal_basis", "tier", "area_kind"),
    *("designations", "from", "counts", "criteria"),
)
_SET_OPTIONAL = (
    *("to", "is_demonstration", "extends", "attributes", "overrides", "bands"),
    *("conditions", "test_cases", "ratios"),
)
_NAMES = ("name_vi", "name_en")
_VERSION_FIELDS = ("legal_basis", *PROVENANCE_FIELDS)


def parse(body: Mapping[str, object]) -> CriteriaSet:
    """Read a set; raises `Malformed` with every finding when the body is not one."""
    fields = read_object("", body, required=_SET_REQUIRED, optional=_SET_OPTIONAL)
    counts = read_object(
        "/counts", fields["counts"], required=("criteria", "indicators"), optional=()
    )
    from_on = read_day("/from", fields["from"])
    extends = fields.get("extends")
    return CriteriaSet(
        code=read_code("/code", fields["code"]),
        version=read_code("/version", fields["version"]),
        name_vi=read_text("/name_vi", fields["name_vi"]),
        name_en=read_text("/name_en", fields["name_en"]),
        legal_basis=tuple(read_each("/legal_basis", fields["legal_basis"], read_text)),
        tier=read_code("/tier", fields["tier"]),
        area_kind=read_code("/area_kind", fields["area_kind"]),
        designations=tuple(read_each("/designations", fields["designations"], read_text)),
        from_on=from_on,
        to_on=None if fields.get("to") is None else read_day("/to", fields["to"]),
        is_demonstration=read_flag("/is_demonstration", fields.get("is_demonstration", False)),
        extends=None if extends is None else read_code("/extends", extends),
        criteria_count=read_count("/counts/criteria", counts["criteria"]),
        indicator_count=read_count("/counts/indicators", counts["indicators"]),
        attributes=tuple(read_each("/attributes", fields.get("attributes", ()), _attribute)),
        overrides=tuple(read_each("/overrides", fields.get("overrides", ()), _override)),
        bands=tuple(read_each("/bands", fields.get("bands", ()), _band)),
        conditions=tuple(read_each("/conditions", fields.get("conditions", ()), _condition)),
        criteria=tuple(
            read_each(
                "/criteria",
                fields["criteria"],
                lambda pointer, entry: _criterion(pointer, entry, from_on=from_on),
            )
        ),
        cases=tuple(read_each("/test_cases", fields.get("test_cases", ()), _case)),
        ratios=tuple(read_each("/ratios", fields.get("ratios", ()), _ratio)),
    )


def _attribute(pointer: str, value: object) -> Attribute:
    fields = read_object(pointer, value, required=("name",), optional=("values", "number"))
    name = read_code(f"{pointer}/name", fields["name"])
    if ("values" in fields) == ("number" in fields) or fields.get("number", True) is not True:
        raise malformed(
            pointer,
            "values-or-number",
            vi="Cần values hoặc number: true.",
            en="Needs either values or number: true.",
        )
    values = read_each(f"{pointer}/values", fields.get("values", ()), read_text)
    if "values" in fields and not values:
        raise malformed(f"{pointer}/values", "empty", vi="Danh sách rỗng.", en="The list is empty.")
    return Attribute(name, tuple(values))


def _override(pointer: str, value: object) -> Override:
    fields = read_object(
        pointer, value, required=("when", "use"), optional=("legal_basis", *PROVENANCE_FIELDS)
    )
    attribute, required_value = _single(f"{pointer}/when", fields["when"])
    dimension, column = _single(f"{pointer}/use", fields["use"])
    provenance = read_provenance(pointer, fields)
    return Override(attribute, required_value, dimension, column, provenance)


def _single(pointer: str, value: object) -> tuple[str, str]:
    fields = read_object(pointer, value, required=(), optional=None)
    if len(fields) != 1:
        raise malformed(
            pointer, "not-one-field", vi="Cần đúng một trường.", en="Exactly one field is needed."
        )
    name, content = next(iter(fields.items()))
    return read_code(pointer, name), read_text(f"{pointer}/{name}", content)


def _band(pointer: str, value: object) -> Band:
    fields = read_object(pointer, value, required=("least", "most", *_NAMES), optional=())
    return Band(
        read_count(f"{pointer}/least", fields["least"]),
        read_count(f"{pointer}/most", fields["most"]),
        read_text(f"{pointer}/name_vi", fields["name_vi"]),
        read_text(f"{pointer}/name_en", fields["name_en"]),
    )


def _condition(pointer: str, value: object) -> Condition:
    fields = read_object(
        pointer, value, required=("code", *_NAMES, "rule"), optional=PROVENANCE_FIELDS
    )
    provenance = read_provenance(pointer, fields)
    return Condition(
        read_code(f"{pointer}/code", fields["code"]),
        read_text(f"{pointer}/name_vi", fields["name_vi"]),
        read_text(f"{pointer}/name_en", fields["name_en"]),
        read_rule(f"{pointer}/rule", fields["rule"], provenance=provenance),
        provenance,
    )


def _ratio(pointer: str, value: object) -> Ratio:
    fields = read_object(
        pointer,
        value,
        required=("code", *_NAMES, "numerator", "denominator"),
        optional=PROVENANCE_FIELDS,
    )
    return Ratio(
        read_code(f"{pointer}/code", fields["code"]),
        read_text(f"{pointer}/name_vi", fields["name_vi"]),
        read_text(f"{pointer}/name_en", fields["name_en"]),
        tuple(read_each(f"{pointer}/numerator", fields["numerator"], read_code)),
        tuple(read_each(f"{pointer}/denominator", fields["denominator"], read_code)),
        read_provenance(pointer, fields),
    )


def _criterion(pointer: str, value: object, *, from_on: date) -> Criterion:
    fields = read_object(pointer, value, required=("number", *_NAMES, "indicators"), optional=())
    return Criterion(
        read_code(f"{pointer}/number", read_text(f"{pointer}/number", fields["number"])),
        read_text(f"{pointer}/name_vi", fields["name_vi"]),
        read_text(f"{pointer}/name_en", fields["name_en"]),
        tuple(
            read_each(
                f"{pointer}/indicators",
                fields["indicators"],
                lambda place, entry: _indicator(place, entry, from_on=from_on),
            )
        ),
    )


def _indicator(pointer: str, value: object, *, from_on: date) -> Indicator:
    """An indicator has `versions`, or one `rule` that holds from the set's first day."""
    fields = read_object(
        pointer,
        value,
        required=("number", *_NAMES),
        optional=("rule", "versions", *_VERSION_FIELDS),
    )
    if ("rule" in fields) == ("versions" in fields):
        raise malformed(
            pointer, "rule-or-versions", vi="Cần rule hoặc versions.", en="Needs rule or versions."
        )
    versions: tuple[Version, ...]
    if "rule" in fields:
        versions = (_version(pointer, fields, from_on=from_on),)
    else:
        versions = tuple(read_each(f"{pointer}/versions", fields["versions"], _dated_version))
    return Indicator(
        read_code(f"{pointer}/number", read_text(f"{pointer}/number", fields["number"])),
        read_text(f"{pointer}/name_vi", fields["name_vi"]),
        read_text(f"{pointer}/name_en", fields["name_en"]),
        versions,
    )


def _dated_version(pointer: str, value: object) -> Version:
    fields = read_object(
        pointer, value, required=("from", "rule"), optional=(*_NAMES, *_VERSION_FIELDS)
    )
    return _version(pointer, fields, from_on=read_day(f"{pointer}/from", fields["from"]))


def _version(pointer: str, fields: Mapping[str, object], *, from_on: date) -> Version:
    provenance = read_provenance(pointer, fields)
    is_own_name = "versions" not in fields and "number" not in fields
    names = fields if is_own_name else {}
    return Version(
        from_on,
        read_rule(f"{pointer}/rule", fields["rule"], provenance=provenance),
        provenance,
        read_optional_text(f"{pointer}/legal_basis", fields.get("legal_basis")),
        read_optional_text(f"{pointer}/name_vi", names.get("name_vi")),
        read_optional_text(f"{pointer}/name_en", names.get("name_en")),
    )


def _case(pointer: str, value: object) -> Case:
    fields = read_object(
        pointer, value, required=("name", "date", "values", "expect"), optional=("attributes",)
    )
    attributes = _entries(f"{pointer}/attributes", fields.get("attributes", {}))
    values = _entries(f"{pointer}/values", fields["values"])
    expect = _entries(f"{pointer}/expect", fields["expect"])
    return Case(
        read_text(f"{pointer}/name", fields["name"]),
        read_day(f"{pointer}/date", fields["date"]),
        {
            name: read_optional_text(f"{pointer}/attributes/{name}", content)
            for name, content in attributes.items()
        },
        {name: _case_value(f"{pointer}/values/{name}", entry) for name, entry in values.items()},
        {name: read_text(f"{pointer}/expect/{name}", entry) for name, entry in expect.items()},
    )


def _entries(pointer: str, value: object) -> Mapping[str, object]:
    fields = read_object(pointer, value, required=(), optional=None)
    return {read_code(pointer, name): content for name, content in fields.items()}


def _case_value(pointer: str, value: object) -> CaseValue:
    """`80`, `"79.99"`, `true`, or {value, qualifier, observed_on}."""
    if not isinstance(value, Mapping):
        return CaseValue(_plain(pointer, value), "actual", None)
    fields = read_object(pointer, value, required=("value",), optional=("qualifier", "observed_on"))
    observed = fields.get("observed_on")
    return CaseValue(
        _plain(f"{pointer}/value", fields["value"]),
        read_text(f"{pointer}/qualifier", fields.get("qualifier", "actual")),
        None if observed is None else read_day(f"{pointer}/observed_on", observed),
    )


def _plain(pointer: str, value: object) -> bool | int | str:
    if not isinstance(value, bool | int | str):
        raise malformed(
            pointer,
            "not-exact",
            vi='Cần true, false, số nguyên hoặc chuỗi số như "16.5".',
            en='Needs true, false, a whole number or a decimal string such as "16.5".',
        )
    return value
