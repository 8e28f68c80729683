-- The runtime role owns nothing. Money moves only through the three functions; facts are inserted and
-- read; the register copy is the one thing that it may rewrite.
DO $$
DECLARE
    v_function regprocedure;
BEGIN
    FOR v_function IN
        SELECT p.oid::regprocedure FROM pg_proc p
        WHERE p.pronamespace = 'funding'::regnamespace AND p.proname LIKE 'ledger\_%'
    LOOP
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', v_function);
    END LOOP;
END $$;

GRANT SELECT, INSERT, DELETE ON area_span, area_succession TO funding_runtime;
GRANT SELECT, INSERT, UPDATE ON organisation, document TO funding_runtime;
GRANT SELECT ON programme, capital_kind, funding_source, medium_term_period, window_rule
    TO funding_runtime;
GRANT SELECT, INSERT ON project, acceptance, medium_term_plan TO funding_runtime;
GRANT SELECT ON limit_row, pocket, balance, transfer, pending_transfer, decision, entry, ledger_key
    TO funding_runtime;

GRANT EXECUTE ON FUNCTION area_place(text, date), area_is_in_force(text, date),
    area_whole_successor(text, date), area_above(text, date), areas_above(text, date),
    area_is_under(text, text, date), areas_under(text, date), programme_is_under(text, text),
    transfer_body(transfer, decision), ledger_instant(timestamptz), ledger_area_of(text, text),
    ledger_issuing_area(text, text, date)
    TO funding_runtime;
GRANT EXECUTE ON FUNCTION ledger_post(
    text, text, text, bytea, jsonb, date, timestamptz, timestamptz, text, boolean) TO funding_runtime;
GRANT EXECUTE ON FUNCTION ledger_post_batch(
    text, text, text, bytea, jsonb, boolean, date, timestamptz, timestamptz, text, boolean)
    TO funding_runtime;
GRANT EXECUTE ON FUNCTION ledger_decide(
    text, text, text, bytea, bigint, text, text, timestamptz, text) TO funding_runtime;
GRANT EXECUTE ON FUNCTION ledger_expire_next(timestamptz) TO funding_runtime;
