-- The schema of one service. Run once per service in the database, after roles.sql and database.sql;
-- told by the setting chungsuc.service. Repeating it is harmless.
DO $schema$
DECLARE
    service text := current_setting('chungsuc.service');
    owner_role text := service || '_owner';
    runtime_role text := service || '_runtime';
BEGIN
    EXECUTE format('CREATE SCHEMA IF NOT EXISTS %I AUTHORIZATION %I', service, owner_role);
    EXECUTE format('REVOKE ALL ON SCHEMA %I FROM PUBLIC', service);
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I', service, runtime_role);
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO %I', current_database(), owner_role);
    -- Temporary tables are where an import is staged before it touches anything that lasts.
    EXECUTE format(
        'GRANT CONNECT, TEMPORARY ON DATABASE %I TO %I', current_database(), runtime_role);
    -- Tables and sequences are private by default, functions are not: a SECURITY DEFINER function
    -- would be open to every role until its own grants ran.
    EXECUTE format(
        'ALTER DEFAULT PRIVILEGES FOR ROLE %I REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC', owner_role);
END
$schema$;
