-- The epoch rule. Run once per service after its schema came back from a backup, from a point in time
-- or from a replica that was behind: whatever may have lost something that had been acknowledged. No
-- service may run yet. Told by the setting chungsuc.service; run by the schema's owner or a superuser:
--   PGOPTIONS="-c chungsuc.service=criteria" psql --single-transaction -f after_restore.sql
-- The lost time handed out numbers that this database knows nothing of and would hand out again:
--   positions of the feed   get a new epoch: a reader of the old one is refused with 409 and rebuilds
--   identity numbers        leap, so that a change, transfer or observation that somebody noted is
--                           never taken for another one
--   gaps of the feed        are closed: their owners ended, or ran on another server
-- The restore is a change too: the audit trail shows where history was broken off.
DO $after_restore$
DECLARE
    service text := current_setting('chungsuc.service');
    -- More than were handed out between the backup and the loss; bigint has room for 9 billion leaps.
    leap constant bigint := 1000000000;
    former record;
    numbers record;
    handed_out bigint;
BEGIN
    PERFORM set_config('search_path', quote_ident(service) || ', pg_temp', true);
    -- What the backup saw but no sequencer had placed yet gets its place while the gaps still tell of it.
    PERFORM sequence_changes();
    DELETE FROM feed_gap;
    FOR numbers IN
        SELECT c.oid::regclass AS name FROM pg_class c JOIN pg_sequence s ON s.seqrelid = c.oid
        WHERE c.relnamespace = quote_ident(service)::regnamespace AND s.seqtypid = 'bigint'::regtype
    LOOP
        EXECUTE format('SELECT last_value FROM %s', numbers.name) INTO handed_out;
        PERFORM setval(numbers.name, handed_out + leap);
    END LOOP;
    SELECT epoch, last_position INTO former FROM feed_state;
    SELECT last_value INTO handed_out FROM change_id_seq;
    UPDATE feed_state SET epoch = gen_random_uuid(), last_change_id = handed_out;
    PERFORM append_change(
        'feed', service, (SELECT count(*) + 1 FROM change WHERE resource = 'feed'),
        jsonb_build_object('former_epoch', former.epoch, 'former_position', former.last_position),
        'restore', 'system', '');
    PERFORM sequence_changes();
END
$after_restore$;
