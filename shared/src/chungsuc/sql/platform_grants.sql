-- The runtime role owns nothing: facts are inserted and read, never updated or deleted.
GRANT SELECT, INSERT ON change, change_position TO {runtime};
GRANT SELECT, UPDATE ON feed_state TO {runtime};
GRANT SELECT, INSERT, DELETE ON feed_gap TO {runtime};
GRANT SELECT, INSERT, DELETE ON idempotency_record TO {runtime};
GRANT SELECT, INSERT, UPDATE ON feed_cursor, job TO {runtime};
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA {schema} TO {runtime};
GRANT SELECT, INSERT, UPDATE, DELETE ON procrastinate_jobs, procrastinate_events,
    procrastinate_workers, procrastinate_periodic_defers TO {runtime};
GRANT USAGE ON ALL SEQUENCES IN SCHEMA {schema} TO {runtime};
