"""The facts as SQL: each fold touches the areas and periods of its batch only, set by set."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from reporting.registers import repository as registers
from reporting.registers.repository import Body

RESULTS = """
INSERT INTO result_fact (
    area_id, criteria_set, held_from, criteria_set_hash, criteria_met, criteria_total,
    indicators_met, indicators_total, verdict, letters, is_demonstration
)
SELECT r.area_id, r.criteria_set, r."on", coalesce(r.criteria_set_hash, ''), r.criteria_met,
       r.criteria_total, r.indicators_met, r.indicators_total, r.verdict,
       (
           SELECT coalesce(string_agg(c.letter, '' ORDER BY c.place), '')
           FROM jsonb_array_elements_text(r.criteria) WITH ORDINALITY AS c (letter, place)
       ),
       coalesce(r.is_demonstration, false)
FROM jsonb_to_recordset(CAST(:bodies AS jsonb)) AS r (
    area_id text, criteria_set text, "on" date, criteria_set_hash text, criteria_met smallint,
    criteria_total smallint, indicators_met smallint, indicators_total smallint, verdict text,
    criteria jsonb, is_demonstration boolean
)
ON CONFLICT (area_id, criteria_set, held_from) DO UPDATE SET
    criteria_set_hash = excluded.criteria_set_hash, criteria_met = excluded.criteria_met,
    criteria_total = excluded.criteria_total, indicators_met = excluded.indicators_met,
    indicators_total = excluded.indicators_total, verdict = excluded.verdict,
    letters = excluded.letters, is_demonstration = excluded.is_demonstration
"""


async def fold_results(session: AsyncSession, bodies: Sequence[Body]) -> None:
    """Set the steps of the assessed areas."""
    await registers.apply_bodies(session, RESULTS, bodies)


TARGETS = """
INSERT INTO target_fact (
    id, area_id, result, criteria_set, document_id, kind, year, planned_value, denominator,
    is_demonstration
)
SELECT t.resource_id, t.area_id, t.result, t.criteria_set, t.document_id, t.kind, t.year,
       t.planned_value, t.denominator, coalesce(t.is_demonstration, false)
FROM jsonb_to_recordset(CAST(:bodies AS jsonb)) AS t (
    resource_id text, area_id text, result text, criteria_set text, document_id text, kind text,
    year smallint, planned_value numeric, denominator text, is_demonstration boolean
)
ON CONFLICT (id) DO UPDATE SET
    area_id = excluded.area_id, result = excluded.result, criteria_set = excluded.criteria_set,
    document_id = excluded.document_id, kind = excluded.kind, year = excluded.year,
    planned_value = excluded.planned_value, denominator = excluded.denominator,
    is_demonstration = excluded.is_demonstration
"""


async def fold_targets(session: AsyncSession, bodies: Sequence[Body]) -> None:
    """Set the changed targets."""
    await registers.apply_bodies(session, TARGETS, bodies)


# A transfer appears in the feed at each of its states; only its first posted appearance counts. Its
# lines and their sums are written by one statement, from the batch alone: no table is read back.
POSTINGS = """
WITH posted AS MATERIALIZED (
    SELECT t.resource_id AS id, t.template, t.value_on, t.document_id, t.lines,
           coalesce(t.is_demonstration, false) AS is_demonstration
    FROM jsonb_to_recordset(CAST(:bodies AS jsonb)) AS t (
        resource_id text, state text, template text, value_on date, document_id text,
        is_demonstration boolean, lines jsonb
    )
    WHERE t.state = 'posted'
), fresh AS (
    INSERT INTO posted_transfer (id, template, value_on, document_id, is_demonstration)
    SELECT id, template, value_on, document_id, is_demonstration FROM posted
    ON CONFLICT (id) DO NOTHING
    RETURNING id, is_demonstration
), line AS (
    INSERT INTO posted_line
        (transfer_id, place, pocket_id, giver_pocket_id, value_on, balance, flow, amount_vnd)
    SELECT posted.id, line.place, line.item ->> 'pocket_id',
           CASE WHEN line.item ->> 'flow' = 'receive' THEN jsonb_path_query_first(
               posted.lines, '$[*] ? (@.flow == "pass_down").pocket_id'
           ) #>> '{}' END,
           posted.value_on,
           line.item ->> 'balance', line.item ->> 'flow', (line.item ->> 'amount_vnd')::bigint
    FROM fresh
    JOIN posted ON posted.id = fresh.id
    CROSS JOIN LATERAL jsonb_array_elements(posted.lines) WITH ORDINALITY AS line (item, place)
    RETURNING *
)
INSERT INTO money_fact (
    area_id, budget_year, value_month, programme_id, component_id, capital_kind, source,
    year_of_origin, holder_kind, from_area_id, received_vnd, passed_down_vnd, advanced_vnd,
    paid_vnd, recovered_vnd, refunded_advance_vnd, refunded_paid_vnd, is_demonstration
)
SELECT p.area_id, p.budget_year, date_trunc('month', line.value_on::timestamp)::date,
       p.programme_id, p.component_id, p.capital_kind, p.source, p.year_of_origin, p.holder_kind,
       coalesce(g.area_id, ''), sum(m.received_vnd), sum(m.passed_down_vnd), sum(m.advanced_vnd),
       sum(m.paid_vnd), sum(m.recovered_vnd), sum(m.refunded_advance_vnd), sum(m.refunded_paid_vnd),
       bool_or(fresh.is_demonstration)
FROM line
JOIN fresh ON fresh.id = line.transfer_id
JOIN pocket p ON p.id = line.pocket_id
LEFT JOIN pocket g ON g.id = line.giver_pocket_id
CROSS JOIN LATERAL money_parts(line.balance, line.flow, line.amount_vnd) m
GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10
ON CONFLICT (
    area_id, budget_year, value_month, programme_id, component_id, capital_kind, source,
    year_of_origin, holder_kind, from_area_id
) DO UPDATE SET
    received_vnd = money_fact.received_vnd + excluded.received_vnd,
    passed_down_vnd = money_fact.passed_down_vnd + excluded.passed_down_vnd,
    advanced_vnd = money_fact.advanced_vnd + excluded.advanced_vnd,
    paid_vnd = money_fact.paid_vnd + excluded.paid_vnd,
    recovered_vnd = money_fact.recovered_vnd + excluded.recovered_vnd,
    refunded_advance_vnd = money_fact.refunded_advance_vnd + excluded.refunded_advance_vnd,
    refunded_paid_vnd = money_fact.refunded_paid_vnd + excluded.refunded_paid_vnd,
    is_demonstration = money_fact.is_demonstration OR excluded.is_demonstration
"""


async def fold_transfers(session: AsyncSession, bodies: Sequence[Body]) -> None:
    """Add the movements of newly posted transfers to their months, once each.

    A line of an unknown pocket breaks the batch (foreign key): the feed gives a pocket before its
    money, so that would be a hole in the feed and must not be counted around.
    """
    await registers.apply_bodies(session, POSTINGS, bodies)


# DELETE, not TRUNCATE: a report that is being read keeps its snapshot.
async def forget(session: AsyncSession, tables: Sequence[str]) -> None:
    """Empty these tables, in this order."""
    for table in tables:
        await session.execute(text(f"DELETE FROM {table}"))


async def lock_cursors(session: AsyncSession) -> None:
    """Hold both readers off until this transaction ends."""
    await session.execute(text("SELECT 1 FROM feed_cursor ORDER BY reader FOR UPDATE"))


async def has_caught_up(session: AsyncSession) -> bool:
    """Say whether both readers stand at the newest position that they have heard of."""
    behind = await session.scalar(
        text("SELECT count(*) FROM feed_cursor WHERE epoch IS NULL OR position < head_position")
    )
    return int(behind or 0) == 0


async def count_read(session: AsyncSession) -> tuple[int, int]:
    """Return how many changes both readers have read, and how many they have heard of."""
    found = await session.execute(
        text(
            "SELECT coalesce(sum(position), 0) AS done, coalesce(sum(head_position), 0) AS total "
            "FROM feed_cursor"
        )
    )
    row = found.one()
    return int(row.done), int(row.total)


async def digest(session: AsyncSession) -> str:
    """Return one hash over all copies and facts."""
    return str(await session.scalar(text("SELECT facts_digest()")))


RESULT_VALUES = {
    "criteria_met": "r.criteria_met AS value, r.criteria_total AS of",
    "indicators_met": "r.indicators_met AS value, r.indicators_total AS of",
}
MONEY_VALUES = {
    "plan_vnd": "sum(m.received_vnd - m.passed_down_vnd) AS value",
    "disbursed_vnd": "sum(m.advanced_vnd - m.refunded_advance_vnd + m.paid_vnd"
    " - m.refunded_paid_vnd) AS value",
    "advance_outstanding_vnd": "sum(m.advanced_vnd - m.recovered_vnd - m.refunded_advance_vnd)"
    " AS value",
}
# The last name by that date: an area that had ended keeps the one it ended with.
NAME = """
CROSS JOIN LATERAL (
    SELECT s.code, s.name FROM area_span s
    WHERE s.area_id = f.area_id AND s.from_on <= :as_of ORDER BY s.from_on DESC LIMIT 1
) n
"""


async def list_results(
    session: AsyncSession,
    *,
    area: str,
    as_of: date,
    measure: str,
    after: tuple[str, str],
    limit: int,
) -> Sequence[Row[Any]]:
    """Return one result measure per commune and set in force below an area."""
    statement = f"""
        WITH f AS (
            SELECT r.area_id, c.code AS key, {RESULT_VALUES[measure]}, r.is_demonstration
            FROM results_below(:area, :as_of) r JOIN criteria_set c ON c.id = r.set_id
            WHERE r.is_assessed
        )
        SELECT f.*, n.code, n.name FROM f {NAME}
        WHERE (f.area_id, f.key) > (:after_area, :after_key)
        ORDER BY f.area_id, f.key LIMIT :limit
    """
    values = {"area": area, "as_of": as_of, "limit": limit}
    place = {"after_area": after[0], "after_key": after[1]}
    return (await session.execute(text(statement), {**values, **place})).all()


async def list_money(
    session: AsyncSession,
    *,
    area: str,
    as_of: date,
    budget_year: int,
    measure: str,
    after: tuple[str, str],
    limit: int,
) -> Sequence[Row[Any]]:
    """Return one money measure per holding area, programme and capital kind below an area."""
    statement = f"""
        WITH f AS (
            SELECT m.area_id, m.programme_id, m.capital_kind, {MONEY_VALUES[measure]},
                   coalesce(p.code, m.programme_id) || '/' || m.capital_kind AS key,
                   bool_or(m.is_demonstration) AS is_demonstration
            FROM money_held(
                ARRAY(SELECT a.area_id FROM money_areas(:area, :as_of) a), :as_of,
                CAST(:budget_year AS smallint)
            ) m
            LEFT JOIN programme p ON p.id = m.programme_id
            GROUP BY m.area_id, m.programme_id, m.capital_kind, p.code
        )
        SELECT f.*, n.code, n.name FROM f {NAME}
        WHERE (f.area_id, f.key) > (:after_area, :after_key)
        ORDER BY f.area_id, f.key LIMIT :limit
    """
    values = {"area": area, "as_of": as_of, "budget_year": budget_year, "limit": limit}
    place = {"after_area": after[0], "after_key": after[1]}
    return (await session.execute(text(statement), {**values, **place})).all()
