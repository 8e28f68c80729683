"""Values of a month straight into the tables of criteria, as its own recording would leave them."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import numpy as np
import psycopg
from numpy.typing import NDArray

from local_deployment.country import binary_copy, values
from local_deployment.country.values import MeasureShape

AUTHOR = b"country"
DEMONSTRATION = 0x80

NEVER = int(np.iinfo(np.int32).min)
ROWS_A_COPY = 500_000

Connection = psycopg.Connection[Any]
Ids = NDArray[np.int64]


def list_measures(connection: Connection, *, limit: int) -> list[MeasureShape]:
    """Return the first measures by slot."""
    rows = connection.execute(
        "SELECT code, slot, type, scale, minimum, maximum FROM measure ORDER BY slot LIMIT %s",
        [limit],
    )
    return [MeasureShape(*row) for row in rows]


def count_slots(connection: Connection) -> int:
    """Return how many slots a sheet has."""
    row = connection.execute("SELECT max(slot) + 1 FROM measure").fetchone()
    return int(row[0]) if row else 0


def list_communes(connection: Connection, *, on: date) -> list[str]:
    """Return the communes of a day, in id order; ids of the catalogue have one length."""
    rows = connection.execute(
        "SELECT area_id FROM area_span WHERE kind = 'commune' AND superseded_by IS NULL "
        "AND %(on)s BETWEEN begins_on AND coalesce(ends_on, 'infinity') "
        "AND length(area_id) = 13 ORDER BY area_id",
        {"on": on},
    )
    return [row[0] for row in rows]


def list_observed(connection: Connection) -> set[str]:
    """Return the areas that have values already: theirs are left alone."""
    return {row[0] for row in connection.execute("SELECT DISTINCT area_id FROM sheet")}


def record_month(
    connection: Connection,
    area_ids: Sequence[str],
    measures: Sequence[MeasureShape],
    scaled: NDArray[np.int64],
    *,
    on: date,
    document_id: str,
    slots: int,
) -> None:
    """Record one value per area and measure for a day: evidence, sheets and feed changes.

    Every measure is observed anew, so the sheet of the day is made of this month's values alone.
    """
    # As writers do: publishing is held off, and the transaction's id comes before any number.
    connection.execute("SELECT pg_advisory_xact_lock_shared(7301, 1), pg_current_xact_id()")
    connection.execute(
        "SELECT FROM area WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE", [list(area_ids)]
    )
    change_ids = _take(connection, "change_id_seq", len(area_ids))
    observation_ids = _take(connection, "observation_id_seq", scaled.size).reshape(scaled.shape)
    _add_changes(
        connection,
        zip(area_ids, change_ids.tolist(), observation_ids, scaled, strict=True),
        measures,
        on=on,
        document_id=document_id,
    )
    areas = np.array([area_id.encode() for area_id in area_ids], "S13")
    _add_observations(
        connection,
        areas,
        measures,
        scaled,
        numbers=(change_ids, observation_ids),
        on=on,
        document_id=document_id,
    )
    _add_sheets(
        connection,
        areas,
        [measure.slot for measure in measures],
        scaled,
        numbers=(change_ids, observation_ids),
        on=on,
        slots=slots,
    )


def analyse(connection: Connection) -> None:
    """Refresh the planner's statistics."""
    connection.execute("ANALYZE change; ANALYZE observation; ANALYZE sheet")


def _take(connection: Connection, sequence: str, count: int) -> Ids:
    rows = connection.execute(
        "SELECT nextval(%s::regclass) FROM generate_series(1, %s)", [sequence, count]
    )
    return np.fromiter((row[0] for row in rows), np.int64, count)


def _add_changes(
    connection: Connection,
    areas: Any,
    measures: Sequence[MeasureShape],
    *,
    on: date,
    document_id: str,
) -> None:
    rows = list(areas)
    texts = [
        values.value_texts(np.array([row[3][place] for row in rows]), measure)
        for place, measure in enumerate(measures)
    ]
    heads = [f',"measure":"{m.code}","value":' for m in measures]
    statement = (
        "COPY change (id, resource, resource_id, revision, body, action, actor, request_id) "
        "FROM STDIN"
    )
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for place, (area_id, change_id, observations, _) in enumerate(rows):
            items = ",".join(
                f'{{"observation_id":{number}{head}{text[place]},"qualifier":"actual"}}'
                for number, head, text in zip(observations.tolist(), heads, texts, strict=True)
            )
            body = (
                f'{{"area_id":"{area_id}","observed_on":"{on}","document_id":"{document_id}",'
                f'"is_demonstration":true,"values":[{items}]}}'
            )
            copy.write(
                f"{change_id}\tobservations\t{observations[0]}\t1\t{body}\t"
                f"observations.add\t{AUTHOR.decode()}\t\n"
            )


def _add_observations(
    connection: Connection,
    areas: NDArray[np.bytes_],
    measures: Sequence[MeasureShape],
    scaled: NDArray[np.int64],
    *,
    numbers: tuple[Ids, Ids],
    on: date,
    document_id: str,
) -> None:
    change_ids, observation_ids = numbers
    width = len(measures)
    slots = np.array([measure.slot for measure in measures], np.int16)
    step = max(1, ROWS_A_COPY // width)
    for start in range(0, len(areas), step):
        some = slice(start, start + step)
        count = len(areas[some]) * width
        _copy(
            connection,
            "observation",
            {
                "id": ("int8", observation_ids[some].ravel()),
                "area_id": ("text", np.repeat(areas[some], width)),
                "slot": ("int2", np.tile(slots, len(areas[some]))),
                "observed_on": ("date", on.toordinal()),
                "scaled_value": ("int8", scaled[some].ravel()),
                "qualifier": ("int2", 0),
                "document_id": ("text", document_id.encode()),
                "correction_reason": ("text", None),
                "is_demonstration": ("bool", 1),
                "author": ("text", AUTHOR),
                "recorded_by": ("int8", np.repeat(change_ids[some], width)),
            },
            count=count,
        )


def _add_sheets(
    connection: Connection,
    areas: NDArray[np.bytes_],
    places: Sequence[int],
    scaled: NDArray[np.int64],
    *,
    numbers: tuple[Ids, Ids],
    on: date,
    slots: int,
) -> None:
    change_ids, observation_ids = numbers
    state = np.zeros(
        len(areas), [("values", "<i8", slots), ("observed", "<i4", slots), ("flags", "u1", slots)]
    )
    state["values"], state["observed"] = values.MISSING, NEVER
    state["values"][:, places] = scaled
    state["observed"][:, places] = on.toordinal()
    state["flags"][:, places] = DEMONSTRATION
    evidence = np.zeros((len(areas), slots), "<i8")
    evidence[:, places] = observation_ids
    _copy(
        connection,
        "sheet",
        {
            "area_id": ("text", areas),
            "effective_on": ("date", on.toordinal()),
            "recorded_by": ("int8", change_ids),
            "state": ("bytes", state),
            "evidence": ("bytes", evidence.view(f"V{slots * 8}").ravel()),
        },
        count=len(areas),
    )


def _copy(
    connection: Connection, table: str, columns: dict[str, tuple[str, Any]], *, count: int
) -> None:
    statement = f"COPY {table} ({', '.join(columns)}) FROM STDIN (FORMAT binary)"
    with connection.cursor() as cursor, cursor.copy(statement.encode()) as copy:
        copy.write(binary_copy.rows(columns, count=count))
