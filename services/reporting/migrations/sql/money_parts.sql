-- What a posted line means, said once for the fold and for the days read line by line. A reversal has
-- the flow of what it reverses with the opposite sign, so it takes back exactly that.
CREATE FUNCTION money_parts(p_balance text, p_flow text, p_amount_vnd bigint)
RETURNS TABLE (
    received_vnd bigint, passed_down_vnd bigint, advanced_vnd bigint, paid_vnd bigint,
    recovered_vnd bigint, refunded_advance_vnd bigint, refunded_paid_vnd bigint
)
LANGUAGE sql IMMUTABLE
BEGIN ATOMIC
    SELECT
        CASE WHEN p_balance = 'available' AND p_flow IN ('issue', 'receive')
             THEN p_amount_vnd ELSE 0 END,
        CASE WHEN p_balance = 'available' AND p_flow = 'pass_down'
             THEN -p_amount_vnd ELSE 0 END,
        CASE WHEN p_balance = 'advance' AND p_flow = 'disburse' THEN p_amount_vnd ELSE 0 END,
        CASE WHEN p_balance = 'paid' AND p_flow = 'disburse' THEN p_amount_vnd ELSE 0 END,
        CASE WHEN p_balance = 'advance' AND p_flow = 'recover' THEN -p_amount_vnd ELSE 0 END,
        CASE WHEN p_balance = 'advance' AND p_flow = 'refund' THEN -p_amount_vnd ELSE 0 END,
        CASE WHEN p_balance = 'paid' AND p_flow = 'refund' THEN -p_amount_vnd ELSE 0 END;
END;
