-- From a request to balanced lines: the law of each template. Reads registers, opens pockets, moves nothing.

-- Ends the whole statement: nothing that a refused request did remains.
CREATE FUNCTION ledger_refuse(p_code text, p_pointer text, p_facts jsonb DEFAULT '{}') RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%', p_code USING ERRCODE = 'CS001',
        DETAIL = (p_facts || jsonb_build_object('code', p_code, 'pointer', p_pointer))::text;
END $$;

CREATE FUNCTION pocket_body(p_pocket pocket) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
    SELECT jsonb_build_object(
        'id', 'pk' || p_pocket.id, 'programme_id', p_pocket.programme_id,
        'component_id', p_pocket.component_id, 'capital_kind', p_pocket.capital_kind,
        'source', p_pocket.source, 'year_of_origin', p_pocket.year_of_origin,
        'budget_year', p_pocket.budget_year, 'holder_kind', p_pocket.holder_kind,
        'holder_id', p_pocket.holder_id, 'area_id', p_pocket.area_id)
$$;

CREATE FUNCTION ledger_find_pocket(p_key pocket) RETURNS bigint LANGUAGE sql STABLE AS $$
    SELECT p.id FROM pocket p
    WHERE p.holder_id = p_key.holder_id AND p.holder_kind = p_key.holder_kind
      AND p.programme_id = p_key.programme_id
      AND (p.component_id = p_key.component_id
           OR (p.component_id IS NULL AND p_key.component_id IS NULL))
      AND p.capital_kind = p_key.capital_kind AND p.source = p_key.source
      AND p.year_of_origin = p_key.year_of_origin AND p.budget_year = p_key.budget_year
$$;

CREATE FUNCTION ledger_open_pocket(p_key pocket, p_actor text, p_request_id text) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
    v_id bigint := ledger_find_pocket(p_key);
    v_pocket pocket;
BEGIN
    IF v_id IS NOT NULL THEN
        RETURN v_id;
    END IF;
    INSERT INTO pocket (programme_id, component_id, capital_kind, source, year_of_origin,
                        budget_year, holder_kind, holder_id, area_id)
    VALUES (p_key.programme_id, p_key.component_id, p_key.capital_kind, p_key.source,
            p_key.year_of_origin, p_key.budget_year, p_key.holder_kind, p_key.holder_id,
            p_key.area_id)
    ON CONFLICT ON CONSTRAINT uq_pocket_programme_id DO NOTHING
    RETURNING * INTO v_pocket;
    IF v_pocket.id IS NULL THEN
        RETURN ledger_find_pocket(p_key);
    END IF;
    INSERT INTO balance (pocket_id) VALUES (v_pocket.id);
    PERFORM append_change('pocket', 'pk' || v_pocket.id, 1, pocket_body(v_pocket),
                          'open', p_actor, p_request_id);
    RETURN v_pocket.id;
END $$;

-- The area of a holder that may receive money on this date.
CREATE FUNCTION ledger_holder_area(p_holder_kind text, p_holder_id text, p_on date) RETURNS text
LANGUAGE plpgsql STABLE AS $$
DECLARE
    v_area_id text;
BEGIN
    CASE p_holder_kind
    WHEN 'area' THEN
        v_area_id := (SELECT s.area_id FROM area_span s WHERE s.area_id = p_holder_id LIMIT 1);
    WHEN 'organisation' THEN
        SELECT o.area_id INTO v_area_id FROM organisation o WHERE o.id = p_holder_id;
        IF EXISTS (SELECT FROM organisation o WHERE o.id = p_holder_id
                   AND p_on NOT BETWEEN o.valid_from AND coalesce(o.valid_to, 'infinity')) THEN
            PERFORM ledger_refuse('holder_not_in_force', '/to/holder_id', jsonb_build_object('on', p_on));
        END IF;
    ELSE
        SELECT p.area_id INTO v_area_id FROM project p WHERE p.id = p_holder_id;
    END CASE;
    IF v_area_id IS NULL THEN
        PERFORM ledger_refuse('unknown_holder', '/to/holder_id');
    END IF;
    IF p_holder_kind = 'area' AND NOT area_is_in_force(v_area_id, p_on) THEN
        PERFORM ledger_refuse('holder_not_in_force', '/to/holder_id', jsonb_build_object('on', p_on));
    END IF;
    RETURN v_area_id;
END $$;

CREATE FUNCTION ledger_check_component(p_component_id text, p_node_id text, p_pointer text)
RETURNS void LANGUAGE plpgsql STABLE AS $$
BEGIN
    IF p_component_id IS NOT NULL AND NOT EXISTS (
        SELECT FROM programme p WHERE p.id = p_component_id AND p.parent_id IS NOT NULL
    ) THEN
        PERFORM ledger_refuse('unknown_component', p_pointer);
    END IF;
    IF NOT programme_is_under(p_component_id, p_node_id) THEN
        PERFORM ledger_refuse('component_not_below', p_pointer, jsonb_build_object('node', p_node_id));
    END IF;
END $$;

CREATE FUNCTION ledger_area_of(p_holder_kind text, p_holder_id text) RETURNS text
LANGUAGE sql STABLE AS $$
    SELECT CASE p_holder_kind
        WHEN 'area' THEN p_holder_id
        WHEN 'organisation' THEN (SELECT o.area_id FROM organisation o WHERE o.id = p_holder_id)
        ELSE (SELECT p.area_id FROM project p WHERE p.id = p_holder_id) END
$$;

-- The nearest area at or above that has the level of the source's budget.
CREATE FUNCTION ledger_issuing_area(p_source text, p_area_id text, p_on date) RETURNS text
LANGUAGE sql STABLE AS $$
    SELECT u.area_id FROM areas_above(p_area_id, p_on) u
    JOIN funding_source s ON s.code = p_source
    WHERE (area_place(u.area_id, p_on)).kind = s.issuing_area_kind
    ORDER BY u.steps LIMIT 1
$$;

-- Money enters the ledger: the issuing budget's debt grows, the holder may dispose.
CREATE FUNCTION ledger_lines_of_assign(p_request jsonb, p_actor text, p_request_id text)
RETURNS ledger_line[] LANGUAGE plpgsql AS $$
DECLARE
    v_on date := p_request ->> 'value_on';
    v_amount bigint := p_request ->> 'amount_vnd';
    v_key pocket;
    v_source funding_source;
    v_programme programme;
    v_issuing_area text;
    v_to bigint;
    v_from bigint;
BEGIN
    v_key := jsonb_populate_record(NULL::pocket, p_request || (p_request -> 'to'));
    v_key.year_of_origin := v_key.budget_year;
    SELECT * INTO v_programme FROM programme p WHERE p.id = v_key.programme_id AND p.parent_id IS NULL;
    IF NOT FOUND THEN
        PERFORM ledger_refuse('unknown_programme', '/programme_id');
    END IF;
    IF v_key.component_id IS NOT NULL THEN
        PERFORM ledger_check_component(v_key.component_id, v_programme.id, '/component_id');
    END IF;
    IF NOT EXISTS (SELECT FROM capital_kind k WHERE k.code = v_key.capital_kind) THEN
        PERFORM ledger_refuse('unknown_capital_kind', '/capital_kind');
    END IF;
    SELECT * INTO v_source FROM funding_source s WHERE s.code = v_key.source
        AND v_on BETWEEN s.valid_from AND coalesce(s.valid_to, 'infinity');
    IF NOT FOUND THEN
        PERFORM ledger_refuse('unknown_source', '/source', jsonb_build_object('on', v_on));
    ELSIF v_source.issuing_area_kind IS NULL THEN
        PERFORM ledger_refuse('source_not_budget', '/source');
    END IF;
    IF v_key.budget_year NOT BETWEEN extract(year FROM v_programme.valid_from)
                                 AND extract(year FROM coalesce(v_programme.valid_to, 'infinity')) THEN
        PERFORM ledger_refuse('programme_not_in_force', '/budget_year', jsonb_build_object(
            'from', v_programme.valid_from, 'to', v_programme.valid_to));
    END IF;
    v_key.area_id := ledger_holder_area(v_key.holder_kind, v_key.holder_id, v_on);
    v_issuing_area := ledger_issuing_area(v_source.code, v_key.area_id, v_on);
    IF v_issuing_area IS NULL THEN
        PERFORM ledger_refuse('no_issuing_budget', '/to/holder_id',
                              jsonb_build_object('area_kind', v_source.issuing_area_kind));
    END IF;
    v_to := ledger_open_pocket(v_key, p_actor, p_request_id);
    v_key.component_id := NULL;
    v_key.holder_kind := 'area';
    v_key.holder_id := v_issuing_area;
    v_key.area_id := v_issuing_area;
    v_from := ledger_open_pocket(v_key, p_actor, p_request_id);
    RETURN ARRAY[ROW(v_from, v_to, 'issued', 'issue', -v_amount),
                 ROW(v_to, NULL, 'available', 'receive', v_amount)]::ledger_line[];
END $$;

-- A holder is below another when its area lies strictly below, or in the same area further down the
-- order area, organisation, project. So money only descends and no circle can form.
CREATE FUNCTION ledger_is_below(p_to pocket, p_from pocket, p_on date) RETURNS boolean
LANGUAGE sql STABLE AS $$
    SELECT p_from.holder_kind <> 'project' AND CASE
        WHEN p_to.area_id = p_from.area_id THEN
            array_position(ARRAY['area', 'organisation', 'project'], p_to.holder_kind)
            > array_position(ARRAY['area', 'organisation', 'project'], p_from.holder_kind)
        ELSE area_is_under(p_to.area_id, p_from.area_id, p_on) END
$$;

CREATE FUNCTION ledger_lines_of_allocate(
    p_request jsonb, p_from pocket, p_actor text, p_request_id text
) RETURNS ledger_line[] LANGUAGE plpgsql AS $$
DECLARE
    v_on date := p_request ->> 'value_on';
    v_amount bigint := p_request ->> 'amount_vnd';
    v_key pocket := p_from;
    v_to bigint;
BEGIN
    v_key.holder_kind := p_request #>> '{to,holder_kind}';
    v_key.holder_id := p_request #>> '{to,holder_id}';
    v_key.component_id := coalesce(p_request ->> 'component_id', p_from.component_id);
    IF v_key.component_id IS DISTINCT FROM p_from.component_id THEN
        PERFORM ledger_check_component(
            v_key.component_id, coalesce(p_from.component_id, p_from.programme_id), '/component_id');
    END IF;
    v_key.area_id := ledger_holder_area(v_key.holder_kind, v_key.holder_id, v_on);
    IF NOT ledger_is_below(v_key, p_from, v_on) THEN
        PERFORM ledger_refuse('holder_not_below', '/to/holder_id', jsonb_build_object('on', v_on));
    END IF;
    v_to := ledger_open_pocket(v_key, p_actor, p_request_id);
    RETURN ARRAY[ROW(p_from.id, v_to, 'available', 'pass_down', -v_amount),
                 ROW(v_to, p_from.id, 'available', 'receive', v_amount)]::ledger_line[];
END $$;

-- The opposite lines of a posted transfer, once, and never of a reversal.
CREATE FUNCTION ledger_lines_of_reverse(p_request jsonb) RETURNS ledger_line[]
LANGUAGE plpgsql AS $$
DECLARE
    v_original transfer;
BEGIN
    SELECT * INTO v_original FROM transfer t WHERE t.id = (p_request ->> 'transfer_id')::bigint
    FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        PERFORM ledger_refuse('unknown_transfer', '/transfer_id');
    ELSIF v_original.template = 'reverse' THEN
        PERFORM ledger_refuse('reversal_of_reversal', '/transfer_id');
    ELSIF NOT EXISTS (SELECT FROM decision d
                      WHERE d.transfer_id = v_original.id AND d.outcome = 'posted') THEN
        PERFORM ledger_refuse('transfer_not_posted', '/transfer_id');
    ELSIF EXISTS (SELECT FROM transfer r LEFT JOIN decision d ON d.transfer_id = r.id
                  WHERE r.reversed_id = v_original.id
                    AND coalesce(d.outcome, 'posted') = 'posted') THEN
        PERFORM ledger_refuse('already_reversed', '/transfer_id');
    ELSIF (p_request ->> 'value_on')::date < v_original.value_on THEN
        PERFORM ledger_refuse('value_before_original', '/value_on',
                              jsonb_build_object('value_on', v_original.value_on));
    END IF;
    RETURN (SELECT array_agg(ROW(l.pocket_id, l.counter_pocket_id, l.balance, l.flow,
                                 -l.amount_vnd)::ledger_line)
            FROM jsonb_populate_recordset(NULL::ledger_line, v_original.lines) l);
END $$;

CREATE FUNCTION ledger_lines(p_request jsonb, p_actor text, p_request_id text)
RETURNS ledger_line[] LANGUAGE plpgsql AS $$
DECLARE
    v_template text := p_request ->> 'template';
    v_amount bigint := p_request ->> 'amount_vnd';
    v_pocket pocket;
    v_balances text[];
BEGIN
    IF v_template = 'assign' THEN
        RETURN ledger_lines_of_assign(p_request, p_actor, p_request_id);
    ELSIF v_template = 'reverse' THEN
        RETURN ledger_lines_of_reverse(p_request);
    END IF;
    SELECT * INTO v_pocket FROM pocket p WHERE p.id = (p_request ->> 'pocket_id')::bigint;
    IF NOT FOUND THEN
        PERFORM ledger_refuse('unknown_pocket', '/pocket_id');
    ELSIF v_template = 'allocate' THEN
        RETURN ledger_lines_of_allocate(p_request, v_pocket, p_actor, p_request_id);
    END IF;
    v_balances := CASE v_template
        WHEN 'advance' THEN ARRAY['available', 'advance', 'disburse']
        WHEN 'pay' THEN ARRAY['available', 'paid', 'disburse']
        WHEN 'recover' THEN ARRAY['advance', 'paid', 'recover']
        WHEN 'refund' THEN ARRAY[p_request ->> 'of_balance', 'available', 'refund']
    END;
    IF v_balances IS NULL THEN
        PERFORM ledger_refuse('unknown_template', '/template');
    END IF;
    RETURN ARRAY[
        ROW(v_pocket.id, v_pocket.id, v_balances[1], v_balances[3], -v_amount),
        ROW(v_pocket.id, v_pocket.id, v_balances[2], v_balances[3], v_amount)]::ledger_line[];
END $$;

-- The value date lies in the window of the pocket's budget year and not in the future. A closed window
-- still takes what corrects the past: refund and reversal.
CREATE FUNCTION ledger_check_dates(p_request jsonb, p_lines ledger_line[], p_today date)
RETURNS void LANGUAGE plpgsql STABLE AS $$
DECLARE
    v_on date := p_request ->> 'value_on';
    v_template text := p_request ->> 'template';
    v_opens date;
    v_closes date;
BEGIN
    IF v_on > p_today THEN
        PERFORM ledger_refuse('value_in_future', '/value_on', jsonb_build_object('today', p_today));
    END IF;
    SELECT make_date(p.budget_year + w.opens_year_offset, w.opens_month, w.opens_day),
           make_date(p.budget_year + w.closes_year_offset, w.closes_month, w.closes_day)
    INTO v_opens, v_closes
    FROM pocket p JOIN window_rule w ON w.capital_kind = p.capital_kind
        AND w.movement = CASE WHEN p_lines[1].flow IN ('issue', 'pass_down') THEN 'plan' ELSE 'disburse' END
        AND p.budget_year BETWEEN w.first_budget_year AND coalesce(w.last_budget_year, 9999)
    WHERE p.id = p_lines[1].pocket_id;
    IF v_opens IS NULL THEN
        PERFORM ledger_refuse('no_window_rule', '/value_on');
    ELSIF v_on < v_opens OR (v_on > v_closes AND v_template NOT IN ('refund', 'reverse')) THEN
        PERFORM ledger_refuse('outside_window', '/value_on',
                              jsonb_build_object('opens_on', v_opens, 'closes_on', v_closes));
    END IF;
END $$;
