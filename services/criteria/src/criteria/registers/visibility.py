"""SQL conditions of the two times: what held on a date, what was recorded by a position."""

# Few events make many rows of the area tables: their change ids are read once per query.
_RECORDED_EVENTS = (
    "(ARRAY(SELECT c.recorded_by FROM area_change AS c "
    "JOIN change_position AS p ON p.change_id = c.recorded_by WHERE p.position <= :known_at))"
)


def recorded(alias: str, *, known_at: int | None) -> str:
    """Rows of an append-only table that were there; binds `:known_at` when it is given."""
    if known_at is None:
        return "true"
    return (
        "(SELECT p.position FROM change_position AS p "
        f"WHERE p.change_id = {alias}.recorded_by) <= :known_at"
    )


def visible(alias: str, *, known_at: int | None) -> str:
    """Rows of an area table that were there and had not been superseded."""
    if known_at is None:
        return f"{alias}.superseded_by IS NULL"
    return (
        f"{alias}.recorded_by = ANY {_RECORDED_EVENTS} AND ({alias}.superseded_by IS NULL "
        f"OR {alias}.superseded_by <> ALL {_RECORDED_EVENTS})"
    )


def holds(alias: str, *, day: str = ":as_of") -> str:
    """Rows whose dates include the day."""
    return f"{alias}.begins_on <= {day} AND coalesce({alias}.ends_on, 'infinity') >= {day}"
