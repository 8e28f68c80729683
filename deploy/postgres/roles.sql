-- The two roles of one service. Run once per service, in any database of the server, by a role
-- that may create roles. Told by settings, so that psql, an init container and the local runner
-- run the same file:
--   chungsuc.service            criteria, funding or reporting
--   chungsuc.owner_password     for migrations only; no running service has it
--   chungsuc.runtime_password   for the API and the worker
-- With psql: PGOPTIONS="-c chungsuc.service=criteria -c chungsuc.owner_password=… …" psql -f roles.sql
-- Repeating it is harmless and renews the passwords.
DO $roles$
DECLARE
    service text := current_setting('chungsuc.service');
    owner_role text := service || '_owner';
    runtime_role text := service || '_runtime';
BEGIN
    IF service !~ '^[a-z]+$' THEN
        RAISE EXCEPTION 'chungsuc.service must be one lower-case word, not %', quote_literal(service);
    END IF;
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = owner_role) THEN
        EXECUTE format('CREATE ROLE %I', owner_role);
    END IF;
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = runtime_role) THEN
        EXECUTE format('CREATE ROLE %I', runtime_role);
    END IF;
    -- Neither inherits nor leads anywhere: a service's wall is that its roles are members of nothing.
    EXECUTE format(
        'ALTER ROLE %I LOGIN NOCREATEDB NOCREATEROLE NOINHERIT CONNECTION LIMIT 10 PASSWORD %L',
        owner_role, current_setting('chungsuc.owner_password'));
    -- The limit leaves room on a server of 200 connections when one service runs away with them.
    EXECUTE format(
        'ALTER ROLE %I LOGIN NOCREATEDB NOCREATEROLE NOINHERIT CONNECTION LIMIT 60 PASSWORD %L',
        runtime_role, current_setting('chungsuc.runtime_password'));
    EXECUTE format('ALTER ROLE %I SET search_path = %I', owner_role, service);
    EXECUTE format('ALTER ROLE %I SET search_path = %I', runtime_role, service);
    EXECUTE format('ALTER ROLE %I SET timezone = %L', owner_role, 'UTC');
    EXECUTE format('ALTER ROLE %I SET timezone = %L', runtime_role, 'UTC');
    -- A migration that waits for a lock makes everyone behind it wait: it gives up early instead.
    EXECUTE format('ALTER ROLE %I SET lock_timeout = %L', owner_role, '5s');
    EXECUTE format('ALTER ROLE %I SET lock_timeout = %L', runtime_role, '10s');
    -- A client that died in the middle of a transaction must not hold its locks.
    EXECUTE format(
        'ALTER ROLE %I SET idle_in_transaction_session_timeout = %L', runtime_role, '60s');
    -- Only a superuser may make a schema for a role it is no member of.
    IF NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
        EXECUTE format('GRANT %I TO CURRENT_USER', owner_role);
    END IF;
END
$roles$;
