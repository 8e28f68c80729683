"""The reason of each verdict in Vietnamese and English, short enough for a table cell."""

from collections.abc import Sequence

from chungsuc.text import Text

from criteria.assessments.model import Evidence, ThresholdUse
from criteria.assessments.verdicts import Verdict
from criteria.criteria_sets.tree import CompareKind, Delegated, Unknown
from criteria.measures.model import Measure

NO_VERSION = Text(
    "Chỉ tiêu chưa có quy định vào ngày này.", "No rule of this indicator is in force on this day."
)

_WORDS = {
    Verdict.NOT_MET: Text("không đạt", "not met"),
    Verdict.UNDETERMINED: Text("chưa xác định được", "undetermined"),
    Verdict.MISSING: Text("thiếu số liệu", "missing"),
    Verdict.MET: Text("đạt", "met"),
    Verdict.NOT_APPLICABLE: Text("không áp dụng", "not applicable"),
}
_SIGNS: dict[str, str] = {"at_least": "≥", "at_most": "≤", "equals": "=", "level_at_least": "≥"}
_QUALIFIERS = {
    "actual": Text("", ""),
    "estimate": Text("ước ", "estimated "),
    "at_least": Text("từ ", "at least "),
    "at_most": Text("không quá ", "at most "),
    "above": Text("trên ", "over "),
    "below": Text("dưới ", "under "),
}


def comparison(
    kind: CompareKind,
    measure: Measure,
    evidence: Evidence,
    use: ThresholdUse,
    verdict: Verdict,
) -> Text:
    """Value, comparison and threshold, then what follows."""
    vi_threshold, en_threshold = _threshold(use)
    unit = f" {measure.unit}" if measure.unit else ""
    sign = _SIGNS[kind]
    value = _value(evidence)
    return _sentence(
        Text(
            f"{value.vi}{unit}, yêu cầu {sign} {vi_threshold}{unit}",
            f"{value.en}{unit}, required {sign} {en_threshold}{unit}",
        ),
        verdict,
    )


def statement(kind: str, evidence: Evidence, verdict: Verdict) -> Text:
    """A yes/no measure: what was found and what is required."""
    if evidence.value is None or not evidence.counts:
        return _sentence(_value(evidence), verdict)
    found = Text("có", "yes") if evidence.value.scaled else Text("không", "no")
    wanted = Text("không", "no") if kind == "no" else Text("có", "yes")
    if kind == "attested" and evidence.value.qualifier != "actual":
        wanted = Text("xác nhận chính thức", "a firm attestation")
    return _sentence(
        Text(f"{found.vi}, yêu cầu: {wanted.vi}", f"{found.en}, required: {wanted.en}"), verdict
    )


def presence(measure: Measure, verdict: Verdict) -> Text:
    """Why an "if any" rule applies or not."""
    if verdict is Verdict.NOT_APPLICABLE:
        return Text(
            f"Không áp dụng vì không có: {measure.name_vi}.",
            f"Not applicable, none exists: {measure.name_en}.",
        )
    return _sentence(Text(f"nếu có: {measure.name_vi}", f"if any: {measure.name_en}"), verdict)


def recognition(tier: str, verdict: Verdict) -> Text:
    """A prerequisite recognition."""
    return _sentence(
        Text(f"đã được công nhận mức {tier}", f"recognition held, tier {tier}"), verdict
    )


def undecided(cell: Delegated | Unknown) -> Text:
    """A rule nobody has settled yet."""
    if isinstance(cell, Delegated):
        return Text(f"Do {cell.to} quy định cụ thể.", f"To be specified by {cell.to}.")
    return Text("Chưa rõ quy định cụ thể.", "The rule in detail is not known.")


def bare(evidence: Evidence) -> Text:
    """A value that no rule could judge."""
    value = _value(evidence)
    return Text(f"Số liệu: {value.vi}.", f"Value: {value.en}.")


def combined(kind: str, verdict: Verdict, parts: Sequence[Verdict]) -> Text:
    """How many parts of a combination are met."""
    met = sum(part.counts_as_met for part in parts)
    return _sentence(
        Text(f"{met}/{len(parts)} nội dung đạt", f"{met} of {len(parts)} parts met"), verdict
    )


def _sentence(text: Text, verdict: Verdict) -> Text:
    word = _WORDS[verdict]
    vi, en = (f"{part[0].upper()}{part[1:]}" for part in text)
    return Text(f"{vi}: {word.vi}.", f"{en}: {word.en}.")


def _value(evidence: Evidence) -> Text:
    if evidence.value is None:
        return Text("chưa có số liệu", "no value")
    if not evidence.counts:
        day = evidence.value.observed_on.isoformat()
        return Text(f"số liệu ngày {day} không còn giá trị", f"the value of {day} does not count")
    words = _QUALIFIERS[evidence.value.qualifier]
    number = evidence.value_text or ""
    return Text(f"{words.vi}{_vietnamese(number)}", f"{words.en}{number}")


def _vietnamese(number: str) -> str:
    """Write the decimal mark as Vietnamese readers do: a comma."""
    return number.replace(".", ",")


def _threshold(use: ThresholdUse) -> Text:
    if use.values:
        listed = "; ".join(use.values)
        return Text(_vietnamese(listed), listed)
    if use.delegated_to:
        return Text(f"(do {use.delegated_to} quy định)", f"(left to {use.delegated_to})")
    return Text("(chưa rõ)", "(unknown)")
