"""What may be entered as a value: exact, inside the measure's bounds, of the measure's type."""

from chungsuc.text import Text

from criteria.measures.model import Measure, Refusal, to_scaled

_BOUNDS = ("at_least", "at_most", "above", "below")


def scaled_value(raw: str | bool, *, measure: Measure, qualifier: str) -> int | Refusal:
    """Return the exact scaled integer of a value, or say why the measure cannot hold it."""
    if measure.type == "yes_no" and not isinstance(raw, bool):
        return Refusal("not-a-boolean", Text("Cần true hoặc false.", "True or false is needed."))
    if measure.type == "yes_no" and qualifier in _BOUNDS:
        return Refusal(
            "bound-of-yes-no",
            Text("Có/không không có cận trên, dưới.", "Yes or no has no upper or lower bound."),
        )
    return to_scaled(measure, raw)


def written_value(scaled: int, *, measure: Measure) -> str | bool:
    """Write a stored value as the API shows it: a boolean, or a decimal string."""
    return bool(scaled) if measure.type == "yes_no" else measure.text(scaled)
