"""Changes of both feeds folded into facts: each fold touches the areas and periods of its batch only."""

from collections.abc import Mapping, Sequence

from chungsuc.changes import FeedItem
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from reporting.registers import folds as registers
from reporting.registers.folds import Body, Fold

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


# A transfer appears in the feed at each of its states; only its first posted appearance counts.
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
    RETURNING id
), line AS (
    INSERT INTO posted_line (transfer_id, place, pocket_id, value_on, balance, flow, amount_vnd)
    SELECT posted.id, line.place, line.item ->> 'pocket_id', posted.value_on,
           line.item ->> 'balance', line.item ->> 'flow', (line.item ->> 'amount_vnd')::bigint
    FROM fresh
    JOIN posted ON posted.id = fresh.id
    CROSS JOIN LATERAL jsonb_array_elements(posted.lines) WITH ORDINALITY AS line (item, place)
)
SELECT id FROM fresh
"""
MONEY = """
INSERT INTO money_fact (
    area_id, budget_year, value_month, programme_id, component_id, capital_kind, source,
    year_of_origin, holder_kind, received_vnd, passed_down_vnd, advanced_vnd, paid_vnd,
    recovered_vnd, refunded_advance_vnd, refunded_paid_vnd, is_demonstration
)
SELECT area_id, budget_year, value_month, programme_id, component_id, capital_kind, source,
       year_of_origin, holder_kind, sum(received_vnd), sum(passed_down_vnd), sum(advanced_vnd),
       sum(paid_vnd), sum(recovered_vnd), sum(refunded_advance_vnd), sum(refunded_paid_vnd),
       bool_or(is_demonstration)
FROM posted_money
WHERE transfer_id = ANY(:transfers)
GROUP BY area_id, budget_year, value_month, programme_id, component_id, capital_kind, source,
         year_of_origin, holder_kind
ON CONFLICT (
    area_id, budget_year, value_month, programme_id, component_id, capital_kind, source,
    year_of_origin, holder_kind
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
    fresh = await registers.apply_bodies(session, POSTINGS, bodies)
    transfers = list(fresh.scalars())
    if transfers:
        await session.execute(text(MONEY), {"transfers": transfers})


# In the order of what refers to what: a batch may bring a pocket together with its money.
CRITERIA_FOLDS: Mapping[str, Fold] = {
    "area": registers.fold_areas,
    "organisation": registers.fold_organisations,
    "document": registers.fold_documents,
    "criteria_set": registers.fold_criteria_sets,
    "assessment": fold_results,
    "target": fold_targets,
}
FUNDING_FOLDS: Mapping[str, Fold] = {
    "programme": registers.fold_programmes,
    "pocket": registers.fold_pockets,
    "transfer": fold_transfers,
}


async def _fold(
    session: AsyncSession, items: Sequence[FeedItem], *, folds: Mapping[str, Fold]
) -> None:
    for resource, fold in folds.items():
        if bodies := registers.latest_bodies(items, resource=resource):
            await fold(session, bodies)


async def apply_criteria(session: AsyncSession, items: Sequence[FeedItem]) -> None:
    """Fold one batch of the feed of criteria; resources that reports do not need pass by."""
    await _fold(session, items, folds=CRITERIA_FOLDS)


async def apply_funding(session: AsyncSession, items: Sequence[FeedItem]) -> None:
    """Fold one batch of the feed of funding; resources that reports do not need pass by."""
    await _fold(session, items, folds=FUNDING_FOLDS)


async def reset_criteria(session: AsyncSession) -> None:
    """Forget everything that came from criteria."""
    await _forget(
        session,
        "area_span",
        "area_succession",
        "organisation",
        "document",
        "criteria_set",
        "result_fact",
        "target_fact",
    )


async def reset_funding(session: AsyncSession) -> None:
    """Forget everything that came from funding."""
    await _forget(
        session, "money_fact", "posted_line", "posted_transfer", "pocket", "programme"
    )


# DELETE, not TRUNCATE: a report that is being read keeps its snapshot.
async def _forget(session: AsyncSession, *tables: str) -> None:
    for table in tables:
        await session.execute(text(f"DELETE FROM {table}"))  # noqa: S608 - names from this file


async def facts_digest(session: AsyncSession) -> str:
    """Return one hash over all copies and facts: equal digests mean equal facts."""
    return str(await session.scalar(text("SELECT facts_digest()")))
