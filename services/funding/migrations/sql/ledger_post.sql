-- Posting: one call is one statement is one transaction. Locks are taken in one order everywhere:
-- key, new pockets, transfer, balances by pocket id, limits by id.

CREATE FUNCTION ledger_find_answer(p_principal text, p_route text, p_key text, p_body_hash bytea)
RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    v_kept ledger_key;
BEGIN
    IF NOT pg_try_advisory_xact_lock(hashtextextended(
            concat_ws(E'\x1f', p_principal, p_route, p_key), 4711)) THEN
        RETURN jsonb_build_object('outcome', 'running');
    END IF;
    SELECT * INTO v_kept FROM ledger_key k
    WHERE k.principal = p_principal AND k.route = p_route AND k.key = p_key;
    IF NOT FOUND THEN
        RETURN NULL;
    ELSIF v_kept.body_hash <> p_body_hash THEN
        RETURN jsonb_build_object('outcome', 'mismatch');
    END IF;
    RETURN jsonb_build_object('outcome', 'replayed', 'answer', v_kept.answer,
                              'change_id', v_kept.change_id);
END $$;

CREATE FUNCTION ledger_instant(p_instant timestamptz) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT to_char(p_instant AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
$$;

CREATE FUNCTION transfer_body(p_transfer transfer, p_decision decision) RETURNS jsonb
LANGUAGE sql IMMUTABLE AS $$
    SELECT jsonb_build_object(
        'id', 'tr' || p_transfer.id,
        'template', p_transfer.template,
        'of_template', CASE WHEN p_transfer.template = 'reverse' THEN p_transfer.of_template END,
        'reversed_id', 'tr' || p_transfer.reversed_id,
        'state', coalesce((p_decision).outcome, 'pending'),
        'amount_vnd', p_transfer.amount_vnd,
        'area_id', p_transfer.area_id,
        'value_on', p_transfer.value_on,
        'document_id', p_transfer.document_id,
        'is_demonstration', p_transfer.is_demonstration,
        'note', p_transfer.note,
        'author', p_transfer.author,
        'recorded_at', ledger_instant(p_transfer.recorded_at),
        'expires_at', ledger_instant(p_transfer.expires_at),
        'decided_by', (p_decision).decided_by,
        'decided_at', ledger_instant((p_decision).decided_at),
        'reason', (p_decision).reason,
        'lines', (
            SELECT jsonb_agg(jsonb_build_object(
                'pocket_id', 'pk' || l.pocket_id, 'balance', l.balance, 'flow', l.flow,
                'amount_vnd', l.amount_vnd) ORDER BY l.amount_vnd)
            FROM jsonb_populate_recordset(NULL::ledger_line, p_transfer.lines) l))
$$;

-- Locks the balances of these lines and refuses what they cannot give. Locking and reading are two
-- statements: in one, what is computed beside a row that was waited for is computed from its old version.
CREATE FUNCTION ledger_lock_balances(p_lines ledger_line[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v_row record;
BEGIN
    PERFORM FROM balance b WHERE b.pocket_id IN (SELECT l.pocket_id FROM unnest(p_lines) l)
    ORDER BY b.pocket_id FOR NO KEY UPDATE;
    FOR v_row IN
        SELECT b.pocket_id, free.balance, free.free_vnd, need.amount_vnd
        FROM balance b
        CROSS JOIN LATERAL (VALUES
            ('issued', 9000000000000000 + b.issued_vnd),
            ('available', b.available_vnd - b.available_reserved_vnd),
            ('advance', b.advance_vnd - b.advance_reserved_vnd),
            ('paid', b.paid_vnd - b.paid_reserved_vnd)) AS free (balance, free_vnd)
        JOIN unnest(p_lines) AS need ON need.pocket_id = b.pocket_id AND need.balance = free.balance
    LOOP
        IF v_row.amount_vnd < 0 AND v_row.free_vnd < -v_row.amount_vnd THEN
            PERFORM ledger_refuse('insufficient_balance', '/amount_vnd', jsonb_build_object(
                'pocket_id', 'pk' || v_row.pocket_id, 'balance', v_row.balance,
                'available_vnd', v_row.free_vnd, 'requested_vnd', -v_row.amount_vnd));
        END IF;
    END LOOP;
END $$;

-- p_effect 1 gives the lines effect, 0 none; p_reservation 1 reserves what they take, -1 releases it.
CREATE FUNCTION ledger_move_balances(p_lines ledger_line[], p_effect integer, p_reservation integer)
RETURNS void LANGUAGE sql AS $$
    UPDATE balance b SET
        issued_vnd = b.issued_vnd + p_effect * m.issued_vnd,
        available_vnd = b.available_vnd + p_effect * m.available_vnd,
        advance_vnd = b.advance_vnd + p_effect * m.advance_vnd,
        paid_vnd = b.paid_vnd + p_effect * m.paid_vnd,
        available_reserved_vnd = b.available_reserved_vnd + p_reservation * m.available_taken_vnd,
        advance_reserved_vnd = b.advance_reserved_vnd + p_reservation * m.advance_taken_vnd,
        paid_reserved_vnd = b.paid_reserved_vnd + p_reservation * m.paid_taken_vnd
    FROM (
        SELECT l.pocket_id,
            coalesce(sum(l.amount_vnd) FILTER (WHERE l.balance = 'issued'), 0) AS issued_vnd,
            coalesce(sum(l.amount_vnd) FILTER (WHERE l.balance = 'available'), 0) AS available_vnd,
            coalesce(sum(l.amount_vnd) FILTER (WHERE l.balance = 'advance'), 0) AS advance_vnd,
            coalesce(sum(l.amount_vnd) FILTER (WHERE l.balance = 'paid'), 0) AS paid_vnd,
            coalesce(-sum(l.amount_vnd) FILTER (WHERE l.balance = 'available' AND l.amount_vnd < 0), 0)
                AS available_taken_vnd,
            coalesce(-sum(l.amount_vnd) FILTER (WHERE l.balance = 'advance' AND l.amount_vnd < 0), 0)
                AS advance_taken_vnd,
            coalesce(-sum(l.amount_vnd) FILTER (WHERE l.balance = 'paid' AND l.amount_vnd < 0), 0)
                AS paid_taken_vnd
        FROM unnest(p_lines) l GROUP BY l.pocket_id
    ) m
    WHERE b.pocket_id = m.pocket_id
$$;

-- What these lines use of each ceiling. Flows keep their name in a reversal, so it gives back the same.
CREATE FUNCTION ledger_limit_uses(p_lines ledger_line[])
RETURNS TABLE (kind text, programme_id text, area_id text, first_year integer, project_id text,
               amount_vnd bigint)
LANGUAGE sql STABLE ROWS 3 AS $$
    SELECT 'medium_term', p.programme_id, p.holder_id, m.first_year, NULL::text, l.amount_vnd
    FROM unnest(p_lines) l JOIN pocket p ON p.id = l.pocket_id AND p.holder_kind = 'area'
    JOIN capital_kind k ON k.code = p.capital_kind AND k.has_medium_term_plan
    JOIN medium_term_period m ON p.year_of_origin BETWEEN m.first_year AND m.last_year
    WHERE l.flow = 'receive'
    UNION ALL
    SELECT u.kind, NULL, NULL, NULL, p.holder_id, sum(l.amount_vnd)::bigint
    FROM unnest(p_lines) l JOIN pocket p ON p.id = l.pocket_id AND p.holder_kind = 'project'
    JOIN project j ON j.id = p.holder_id
    CROSS JOIN LATERAL (VALUES
        (CASE j.project_kind WHEN 'work' THEN 'total_investment' ELSE 'approved_estimate' END,
         l.balance IN ('advance', 'paid')),
        ('accepted_volume', j.project_kind = 'work' AND l.balance = 'paid')) AS u (kind, applies)
    WHERE u.applies
    GROUP BY u.kind, p.holder_id
    HAVING sum(l.amount_vnd) <> 0
$$;

CREATE FUNCTION ledger_lock_limit_rows(p_limits jsonb) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM limit_row r
    WHERE r.id IN (SELECT m.limit_id FROM jsonb_to_recordset(p_limits) AS m (limit_id bigint))
    ORDER BY r.id FOR NO KEY UPDATE;
END $$;

-- Locks the limits of these lines, refuses what exceeds a ceiling, and returns limit ids with amounts.
CREATE FUNCTION ledger_lock_limits(p_lines ledger_line[]) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    v_limit record;
    v_limits jsonb;
BEGIN
    INSERT INTO limit_row (kind, programme_id, area_id, first_year)
    SELECT u.kind, u.programme_id, u.area_id, u.first_year FROM ledger_limit_uses(p_lines) u
    WHERE u.kind = 'medium_term' AND NOT EXISTS (
        SELECT FROM limit_row l WHERE l.kind = 'medium_term' AND l.programme_id = u.programme_id
        AND l.area_id = u.area_id AND l.first_year = u.first_year)
    ON CONFLICT ON CONSTRAINT uq_limit_row_kind DO NOTHING;
    SELECT coalesce(jsonb_agg(jsonb_build_object('limit_id', l.id, 'amount_vnd', u.amount_vnd)), '[]')
    INTO v_limits
    FROM ledger_limit_uses(p_lines) u JOIN limit_row l ON l.kind = u.kind AND (
        (u.kind = 'medium_term' AND l.programme_id = u.programme_id AND l.area_id = u.area_id
         AND l.first_year = u.first_year)
        OR (u.kind <> 'medium_term' AND l.project_id = u.project_id));
    PERFORM ledger_lock_limit_rows(v_limits);
    FOR v_limit IN
        SELECT l.kind, l.ceiling_vnd, l.used_vnd + l.reserved_vnd AS used_vnd, l.document_id,
               m.amount_vnd
        FROM jsonb_to_recordset(v_limits) AS m (limit_id bigint, amount_vnd bigint)
        JOIN limit_row l ON l.id = m.limit_id
    LOOP
        IF v_limit.amount_vnd > 0 AND v_limit.used_vnd + v_limit.amount_vnd > v_limit.ceiling_vnd THEN
            PERFORM ledger_refuse('limit_exceeded', '/amount_vnd', jsonb_build_object(
                'limit', v_limit.kind, 'ceiling_vnd', v_limit.ceiling_vnd,
                'used_vnd', v_limit.used_vnd, 'requested_vnd', v_limit.amount_vnd,
                'document_id', v_limit.document_id));
        END IF;
    END LOOP;
    RETURN v_limits;
END $$;

CREATE FUNCTION ledger_move_limits(p_limits jsonb, p_effect integer, p_reservation integer)
RETURNS void LANGUAGE sql AS $$
    UPDATE limit_row l SET
        used_vnd = l.used_vnd + p_effect * m.amount_vnd,
        reserved_vnd = l.reserved_vnd + p_reservation * greatest(m.amount_vnd, 0)
    FROM jsonb_to_recordset(p_limits) AS m (limit_id bigint, amount_vnd bigint)
    WHERE l.id = m.limit_id
$$;

-- Makes one pending transfer: its lines are checked and reserved, and have no effect yet.
CREATE FUNCTION ledger_submit(
    p_request jsonb, p_author text, p_today date, p_now timestamptz, p_expires_at timestamptz,
    p_request_id text
) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    v_lines ledger_line[];
    v_limits jsonb;
    v_document document;
    v_transfer transfer;
BEGIN
    SELECT * INTO v_document FROM document d WHERE d.id = p_request ->> 'document_id';
    IF NOT FOUND THEN
        PERFORM ledger_refuse('unknown_document', '/document_id');
    END IF;
    v_lines := ledger_lines(p_request, p_author, p_request_id);
    IF (SELECT sum(l.amount_vnd) FROM unnest(v_lines) l) <> 0 THEN
        RAISE EXCEPTION 'lines do not balance';
    END IF;
    PERFORM ledger_check_dates(p_request, v_lines, p_today);
    PERFORM ledger_lock_balances(v_lines);
    v_limits := ledger_lock_limits(v_lines);
    PERFORM ledger_move_balances(v_lines, 0, 1);
    PERFORM ledger_move_limits(v_limits, 0, 1);
    INSERT INTO transfer (template, reversed_id, of_template, pocket_id, to_pocket_id, area_id,
                          amount_vnd, lines, limits, value_on, document_id, is_demonstration, note, author, recorded_at, expires_at)
    SELECT p_request ->> 'template', (p_request ->> 'transfer_id')::bigint,
           coalesce(o.template, p_request ->> 'template'), p.id, v_lines[2].pocket_id, p.area_id, abs(v_lines[1].amount_vnd),
           to_jsonb(v_lines), v_limits, (p_request ->> 'value_on')::date, v_document.id,
           v_document.is_demonstration, coalesce(p_request ->> 'note', ''), p_author, p_now, p_expires_at
    FROM pocket p LEFT JOIN transfer o ON o.id = (p_request ->> 'transfer_id')::bigint
    WHERE p.id = v_lines[1].pocket_id
    RETURNING * INTO v_transfer;
    INSERT INTO pending_transfer (transfer_id, expires_at) VALUES (v_transfer.id, p_expires_at);
    RETURN jsonb_build_object(
        'outcome', 'created',
        'answer', transfer_body(v_transfer, NULL),
        'change_id', append_change('transfer', 'tr' || v_transfer.id, 1,
            transfer_body(v_transfer, NULL), 'submit', p_author, p_request_id));
END $$;

CREATE FUNCTION ledger_keep_answer(
    p_principal text, p_route text, p_key text, p_body_hash bytea, p_verdict jsonb
) RETURNS void LANGUAGE sql AS $$
    INSERT INTO ledger_key (principal, route, key, body_hash, answer, change_id)
    VALUES (p_principal, p_route, p_key, p_body_hash, p_verdict -> 'answer',
            (p_verdict ->> 'change_id')::bigint)
$$;

-- A trial does everything and then ends the statement, so it proves more than a check would.
CREATE FUNCTION ledger_end_trial(p_is_trial boolean, p_verdict jsonb) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    IF p_is_trial THEN
        RAISE EXCEPTION 'trial' USING ERRCODE = 'CS002', DETAIL = p_verdict::text;
    END IF;
END $$;

CREATE FUNCTION ledger_post(
    p_principal text, p_route text, p_key text, p_body_hash bytea, p_request jsonb, p_today date,
    p_now timestamptz, p_expires_at timestamptz, p_request_id text, p_is_trial boolean
) RETURNS jsonb LANGUAGE plpgsql SECURITY DEFINER SET search_path = funding, pg_temp AS $$
DECLARE
    v_verdict jsonb := ledger_find_answer(p_principal, p_route, p_key, p_body_hash);
BEGIN
    IF v_verdict IS NOT NULL THEN
        RETURN v_verdict;
    END IF;
    v_verdict := ledger_submit(p_request, p_principal, p_today, p_now, p_expires_at, p_request_id);
    PERFORM ledger_keep_answer(p_principal, p_route, p_key, p_body_hash, v_verdict);
    PERFORM ledger_end_trial(p_is_trial, v_verdict);
    RETURN v_verdict;
END $$;

-- Many transfers under one key. Atomic: the first refusal, with its item in the pointer, ends all.
-- Otherwise each item has its own verdict and a refused one leaves nothing behind.
CREATE FUNCTION ledger_post_batch(
    p_principal text, p_route text, p_key text, p_body_hash bytea, p_requests jsonb,
    p_is_atomic boolean, p_today date, p_now timestamptz, p_expires_at timestamptz,
    p_request_id text, p_is_trial boolean
) RETURNS jsonb LANGUAGE plpgsql SECURITY DEFINER SET search_path = funding, pg_temp AS $$
DECLARE
    v_verdict jsonb := ledger_find_answer(p_principal, p_route, p_key, p_body_hash);
    v_items jsonb := '[]';
    v_detail text;
    v_change_id bigint;
    v_place bigint;
    v_request jsonb;
BEGIN
    IF v_verdict IS NOT NULL THEN
        RETURN v_verdict;
    END IF;
    PERFORM FROM balance b WHERE b.pocket_id IN (
        SELECT (r.item ->> 'pocket_id')::bigint FROM jsonb_array_elements(p_requests) AS r (item))
    ORDER BY b.pocket_id FOR NO KEY UPDATE;
    FOR v_place, v_request IN
        SELECT r.place - 1, r.item
        FROM jsonb_array_elements(p_requests) WITH ORDINALITY AS r (item, place) ORDER BY r.place
    LOOP
        BEGIN
            v_verdict := ledger_submit(
                v_request, p_principal, p_today, p_now, p_expires_at, p_request_id);
            v_change_id := v_verdict ->> 'change_id';
            v_items := v_items || jsonb_build_object('transfer', v_verdict -> 'answer');
        EXCEPTION WHEN SQLSTATE 'CS001' THEN
            GET STACKED DIAGNOSTICS v_detail = PG_EXCEPTION_DETAIL;
            v_verdict := v_detail::jsonb || jsonb_build_object(
                'pointer', '/items/' || v_place || (v_detail::jsonb ->> 'pointer'));
            IF p_is_atomic THEN
                PERFORM ledger_refuse(v_verdict ->> 'code', v_verdict ->> 'pointer', v_verdict);
            END IF;
            v_items := v_items || jsonb_build_object('refusal', v_verdict);
        END;
    END LOOP;
    v_verdict := jsonb_build_object(
        'outcome', 'created', 'answer', jsonb_build_object('items', v_items), 'change_id', v_change_id);
    PERFORM ledger_keep_answer(p_principal, p_route, p_key, p_body_hash, v_verdict);
    PERFORM ledger_end_trial(p_is_trial, v_verdict);
    RETURN v_verdict;
END $$;
