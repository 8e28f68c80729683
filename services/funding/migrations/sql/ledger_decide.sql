-- Deciding on a pending transfer: approval gives its lines effect, rejection and expiry release them.

CREATE FUNCTION ledger_conclude(
    p_transfer transfer, p_outcome text, p_decided_by text, p_reason text, p_now timestamptz,
    p_request_id text
) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    v_lines ledger_line[];
    v_effect integer := CASE p_outcome WHEN 'posted' THEN 1 ELSE 0 END;
    v_decision decision;
    v_change_id bigint;
    v_body jsonb;
BEGIN
    SELECT array_agg(l) INTO v_lines
    FROM jsonb_populate_recordset(NULL::ledger_line, p_transfer.lines) l;
    PERFORM FROM balance b WHERE b.pocket_id IN (SELECT l.pocket_id FROM unnest(v_lines) l)
    ORDER BY b.pocket_id FOR NO KEY UPDATE;
    PERFORM ledger_lock_limit_rows(p_transfer.limits);
    PERFORM ledger_move_balances(v_lines, v_effect, -1);
    PERFORM ledger_move_limits(p_transfer.limits, v_effect, -1);
    INSERT INTO decision (transfer_id, author, outcome, decided_by, decided_at, reason, reversed_id)
    VALUES (p_transfer.id, p_transfer.author, p_outcome, p_decided_by, p_now, p_reason,
            p_transfer.reversed_id)
    RETURNING * INTO v_decision;
    DELETE FROM pending_transfer w WHERE w.transfer_id = p_transfer.id;
    v_body := transfer_body(p_transfer, v_decision);
    v_change_id := append_change('transfer', 'tr' || p_transfer.id, 2, v_body,
        CASE p_outcome WHEN 'posted' THEN 'approve' WHEN 'rejected' THEN 'reject' ELSE 'expire' END,
        p_decided_by, p_request_id);
    IF p_outcome = 'posted' THEN
        INSERT INTO entry (transfer_id, pocket_id, counter_pocket_id, balance, flow, amount_vnd,
                           value_on, change_id)
        SELECT p_transfer.id, l.pocket_id, l.counter_pocket_id, l.balance, l.flow, l.amount_vnd,
               p_transfer.value_on, v_change_id
        FROM unnest(v_lines) l;
    END IF;
    RETURN jsonb_build_object('outcome', 'created', 'answer', v_body, 'change_id', v_change_id);
END $$;

CREATE FUNCTION ledger_decide(
    p_principal text, p_route text, p_key text, p_body_hash bytea, p_transfer_id bigint,
    p_outcome text, p_reason text, p_now timestamptz, p_request_id text
) RETURNS jsonb LANGUAGE plpgsql SECURITY DEFINER SET search_path = funding, pg_temp AS $$
DECLARE
    v_verdict jsonb := ledger_find_answer(p_principal, p_route, p_key, p_body_hash);
    v_transfer transfer;
    v_state text;
BEGIN
    IF v_verdict IS NOT NULL THEN
        RETURN v_verdict;
    END IF;
    SELECT * INTO v_transfer FROM transfer t WHERE t.id = p_transfer_id FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        PERFORM ledger_refuse('unknown_transfer', '/transfer_id');
    ELSIF p_outcome NOT IN ('posted', 'rejected') THEN
        PERFORM ledger_refuse('unknown_outcome', '/outcome');
    END IF;
    SELECT d.outcome INTO v_state FROM decision d WHERE d.transfer_id = p_transfer_id;
    IF v_state IS NOT NULL THEN
        PERFORM ledger_refuse('already_decided', '/transfer_id', jsonb_build_object('state', v_state));
    ELSIF v_transfer.expires_at <= p_now THEN
        PERFORM ledger_refuse('transfer_expired', '/transfer_id',
                              jsonb_build_object('expires_at', ledger_instant(v_transfer.expires_at)));
    ELSIF p_outcome = 'posted' AND v_transfer.author = p_principal THEN
        PERFORM ledger_refuse('maker_is_checker', '/transfer_id');
    END IF;
    v_verdict := ledger_conclude(
        v_transfer, p_outcome, p_principal, p_reason, p_now, p_request_id);
    PERFORM ledger_keep_answer(p_principal, p_route, p_key, p_body_hash, v_verdict);
    RETURN v_verdict;
END $$;

-- Expires the oldest pending transfer whose time has passed; null when there is none. One a call, so
-- that balances are always locked in id order.
CREATE FUNCTION ledger_expire_next(p_now timestamptz) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = funding, pg_temp AS $$
DECLARE
    v_transfer transfer;
BEGIN
    SELECT t.* INTO v_transfer
    FROM pending_transfer w JOIN transfer t ON t.id = w.transfer_id
    WHERE w.expires_at <= p_now
    ORDER BY w.expires_at LIMIT 1 FOR NO KEY UPDATE OF t SKIP LOCKED;
    IF NOT FOUND OR NOT EXISTS (SELECT FROM pending_transfer w WHERE w.transfer_id = v_transfer.id) THEN
        RETURN NULL;
    END IF;
    PERFORM ledger_conclude(v_transfer, 'expired', 'system', '', p_now, '');
    RETURN 'tr' || v_transfer.id;
END $$;
