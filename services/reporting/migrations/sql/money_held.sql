-- The money of some areas as of a day: whole months from the facts, the days after them from the lines.
CREATE FUNCTION money_held(p_areas text[], p_on date, p_budget_year smallint)
RETURNS TABLE (
    area_id text, programme_id text, component_id text, capital_kind text, source text,
    year_of_origin smallint, holder_kind text, from_area_id text, received_vnd bigint, passed_down_vnd bigint,
    advanced_vnd bigint, paid_vnd bigint, recovered_vnd bigint, refunded_advance_vnd bigint,
    refunded_paid_vnd bigint, is_demonstration boolean
)
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT
        m.area_id, m.programme_id, m.component_id, m.capital_kind, m.source, m.year_of_origin,
        m.holder_kind, m.from_area_id, m.received_vnd, m.passed_down_vnd, m.advanced_vnd, m.paid_vnd,
        m.recovered_vnd, m.refunded_advance_vnd, m.refunded_paid_vnd, m.is_demonstration
    FROM money_fact m
    WHERE m.area_id = ANY (p_areas) AND m.budget_year = p_budget_year
        AND m.value_month < date_trunc('month', (p_on + 1)::timestamp)::date
    UNION ALL
    SELECT
        p.area_id, p.programme_id, p.component_id, p.capital_kind, p.source, p.year_of_origin,
        p.holder_kind, coalesce(g.area_id, ''), m.received_vnd, m.passed_down_vnd, m.advanced_vnd, m.paid_vnd,
        m.recovered_vnd, m.refunded_advance_vnd, m.refunded_paid_vnd, t.is_demonstration
    FROM pocket p
    JOIN posted_line l ON l.pocket_id = p.id
    JOIN posted_transfer t ON t.id = l.transfer_id
    LEFT JOIN pocket g ON g.id = l.giver_pocket_id
    CROSS JOIN LATERAL money_parts(l.balance, l.flow, l.amount_vnd) m
    WHERE p.area_id = ANY (p_areas) AND p.budget_year = p_budget_year
        AND l.value_on BETWEEN date_trunc('month', (p_on + 1)::timestamp)::date AND p_on;
END;
