-- What each posted line means, said once: the fold and the part of a month read from here alike.
-- A reversal carries the same flow with the opposite sign, so it takes back what it reverses.
CREATE VIEW posted_money AS
SELECT
    l.transfer_id,
    l.value_on,
    date_trunc('month', l.value_on::timestamp)::date AS value_month,
    p.area_id,
    p.budget_year,
    p.programme_id,
    p.component_id,
    p.capital_kind,
    p.source,
    p.year_of_origin,
    p.holder_kind,
    CASE WHEN l.balance = 'available' AND l.flow IN ('issue', 'receive')
         THEN l.amount_vnd ELSE 0 END AS received_vnd,
    CASE WHEN l.balance = 'available' AND l.flow = 'pass_down'
         THEN -l.amount_vnd ELSE 0 END AS passed_down_vnd,
    CASE WHEN l.balance = 'advance' AND l.flow = 'disburse'
         THEN l.amount_vnd ELSE 0 END AS advanced_vnd,
    CASE WHEN l.balance = 'paid' AND l.flow = 'disburse'
         THEN l.amount_vnd ELSE 0 END AS paid_vnd,
    CASE WHEN l.balance = 'advance' AND l.flow = 'recover'
         THEN -l.amount_vnd ELSE 0 END AS recovered_vnd,
    CASE WHEN l.balance = 'advance' AND l.flow = 'refund'
         THEN -l.amount_vnd ELSE 0 END AS refunded_advance_vnd,
    CASE WHEN l.balance = 'paid' AND l.flow = 'refund'
         THEN -l.amount_vnd ELSE 0 END AS refunded_paid_vnd,
    t.is_demonstration
FROM posted_line l
JOIN posted_transfer t ON t.id = l.transfer_id
JOIN pocket p ON p.id = l.pocket_id;
