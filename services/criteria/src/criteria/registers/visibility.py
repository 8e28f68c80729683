"""SQL conditions of the two times: what held on a date, what was recorded by a position."""

_POSITION = "(SELECT p.position FROM change_position AS p WHERE p.change_id = {alias}.{column})"


def recorded(alias: str, *, known_at: int | None) -> str:
    """Rows of an append-only table that were there; binds `:known_at` when it is given."""
    if known_at is None:
        return "true"
    return f"{_POSITION.format(alias=alias, column='recorded_by')} <= :known_at"


def visible(alias: str, *, known_at: int | None) -> str:
    """Rows that were there and had not been superseded."""
    if known_at is None:
        return f"{alias}.superseded_by IS NULL"
    superseded = _POSITION.format(alias=alias, column="superseded_by")
    return f"{recorded(alias, known_at=known_at)} AND coalesce({superseded} > :known_at, true)"


def holds(alias: str, *, day: str = ":as_of") -> str:
    """Rows whose dates include the day."""
    return f"{alias}.begins_on <= {day} AND coalesce({alias}.ends_on, 'infinity') >= {day}"
