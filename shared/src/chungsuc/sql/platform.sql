-- The tables that every service has in its own schema: change feed, idempotency, jobs, feed cursors.
-- Applied by the owner with search_path set to the service's schema.

CREATE TABLE change (
    id bigint GENERATED ALWAYS AS IDENTITY (CACHE 1) PRIMARY KEY,
    resource text NOT NULL,
    resource_id text NOT NULL,
    revision bigint NOT NULL,
    body jsonb NOT NULL,
    action text NOT NULL,
    actor text NOT NULL,
    request_id text NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE change IS 'Every fact as it became, in full: the feed and the audit trail. Append-only.';
CREATE INDEX change_of_resource ON change (resource, resource_id, id);

CREATE TABLE change_position (
    position bigint PRIMARY KEY,
    change_id bigint NOT NULL UNIQUE REFERENCES change,
    sequenced_at timestamptz NOT NULL
);
COMMENT ON TABLE change_position IS 'The order in which commits became visible, given by the sequencer.';
CREATE INDEX change_position_time ON change_position (sequenced_at);

CREATE TABLE feed_state (
    is_only boolean PRIMARY KEY DEFAULT true CHECK (is_only),
    epoch uuid NOT NULL DEFAULT gen_random_uuid(),
    last_change_id bigint NOT NULL DEFAULT 0,
    last_position bigint NOT NULL DEFAULT 0,
    sequenced_until timestamptz NOT NULL DEFAULT clock_timestamp()
);
INSERT INTO feed_state DEFAULT VALUES;

CREATE TABLE feed_gap (
    change_id bigint PRIMARY KEY,
    seen_xmax xid8 NOT NULL
);
COMMENT ON TABLE feed_gap IS 'Identity numbers handed out but not yet visible: rolled back, or still in flight.';

-- The transaction takes its id before it takes an identity number: whoever sees a gap knows that its
-- owner's transaction id lies below the snapshot's xmax, so the gap is dead once xmin has passed that.
CREATE FUNCTION append_change(
    p_resource text, p_resource_id text, p_revision bigint, p_body jsonb,
    p_action text, p_actor text, p_request_id text
) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    v_id bigint;
BEGIN
    PERFORM pg_current_xact_id();
    INSERT INTO change (resource, resource_id, revision, body, action, actor, request_id)
    VALUES (p_resource, p_resource_id, p_revision, p_body, p_action, p_actor, p_request_id)
    RETURNING id INTO v_id;
    RETURN v_id;
END $$;

CREATE FUNCTION append_changes(p_changes jsonb, p_action text, p_actor text, p_request_id text)
RETURNS SETOF bigint LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_current_xact_id();
    RETURN QUERY
    INSERT INTO change (resource, resource_id, revision, body, action, actor, request_id)
    SELECT c.item ->> 'resource', c.item ->> 'resource_id', (c.item ->> 'revision')::bigint,
           c.item -> 'body', p_action, p_actor, p_request_id
    FROM jsonb_array_elements(p_changes) WITH ORDINALITY AS c (item, place)
    ORDER BY c.place
    RETURNING id;
END $$;

-- One pass of the sequencer: gives the next positions to every change that has become visible.
-- The xmin is read before the changes are: a gap whose owner had ended by then, and that the later
-- read still does not show, was rolled back. The xmax of a new gap is read after it was seen.
-- sequenced_until never goes back, whatever the clock does, so an instant resolves to one position.
CREATE FUNCTION sequence_changes() RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    v_state feed_state;
    v_xmin xid8;
    v_now timestamptz;
    v_count bigint;
    v_newest bigint;
BEGIN
    SELECT * INTO v_state FROM feed_state FOR UPDATE;
    v_xmin := pg_snapshot_xmin(pg_current_snapshot());
    v_now := GREATEST(clock_timestamp(), v_state.sequenced_until + interval '1 microsecond');
    WITH found AS MATERIALIZED (
        SELECT id FROM change WHERE id > v_state.last_change_id
        UNION ALL
        SELECT c.id FROM feed_gap g JOIN change c ON c.id = g.change_id
    ), placed AS (
        INSERT INTO change_position (position, change_id, sequenced_at)
        SELECT v_state.last_position + row_number() OVER (ORDER BY id), id, v_now FROM found
        RETURNING change_id
    )
    SELECT count(*), max(change_id) INTO v_count, v_newest FROM placed;
    DELETE FROM feed_gap g
    WHERE g.seen_xmax <= v_xmin
       OR EXISTS (SELECT FROM change_position p WHERE p.change_id = g.change_id);
    IF v_count = 0 THEN
        IF v_now - v_state.sequenced_until > interval '1 second' THEN
            UPDATE feed_state SET sequenced_until = v_now;
        END IF;
        RETURN 0;
    END IF;
    INSERT INTO feed_gap (change_id, seen_xmax)
    SELECT missing.id, pg_snapshot_xmax(pg_current_snapshot())
    FROM generate_series(v_state.last_change_id + 1, v_newest) AS missing (id)
    WHERE NOT EXISTS (SELECT FROM change_position p WHERE p.change_id = missing.id);
    UPDATE feed_state
    SET last_change_id = GREATEST(last_change_id, v_newest),
        last_position = last_position + v_count,
        sequenced_until = v_now;
    RETURN v_count;
END $$;

CREATE TABLE idempotency_record (
    principal text NOT NULL,
    route text NOT NULL,
    key text NOT NULL,
    body_hash bytea NOT NULL,
    status smallint NOT NULL,
    headers jsonb NOT NULL,
    body bytea NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (principal, route, key)
);
CREATE INDEX idempotency_record_age ON idempotency_record (recorded_at);

CREATE TABLE feed_cursor (
    reader text PRIMARY KEY,
    source text NOT NULL,
    epoch uuid,
    position bigint NOT NULL DEFAULT 0,
    head_position bigint NOT NULL DEFAULT 0,
    applied_at timestamptz
);

CREATE TABLE job (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    kind text NOT NULL,
    state text NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'running', 'succeeded', 'failed')),
    arguments jsonb NOT NULL,
    progress_done bigint NOT NULL DEFAULT 0,
    progress_total bigint,
    result jsonb,
    problem jsonb,
    created_by text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    finished_at timestamptz
);

-- The queue is polled: a notification from inside a write transaction would serialise commits.
DROP TRIGGER procrastinate_jobs_notify_queue_job_inserted_v1 ON procrastinate_jobs;
DROP TRIGGER procrastinate_jobs_notify_queue_job_aborted_v1 ON procrastinate_jobs;
