-- What holds for the whole database. Run once in it, before the schemas.
-- PUBLIC loses what PostgreSQL gives it by default: every role then has only what it is granted.
DO $database$
BEGIN
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
END
$database$;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
