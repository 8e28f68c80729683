-- Files of observations, what came of each block of their rows, and every reason against a row.

CREATE TABLE observation_import (
    job_id uuid PRIMARY KEY REFERENCES job (id),
    content bytea NOT NULL,
    content_hash text NOT NULL,
    media_type text NOT NULL,
    mode text NOT NULL CHECK (mode IN ('atomic', 'partial')),
    is_dry_run boolean NOT NULL,
    observed_on date,
    decimal_mark text CHECK (decimal_mark IN ('point', 'comma')),
    document_id text COLLATE "C",
    is_demonstration boolean NOT NULL,
    author text NOT NULL,
    grants jsonb NOT NULL,
    recorded_at timestamptz NOT NULL
);
COMMENT ON TABLE observation_import IS 'A file as it was sent, and how it is to be read. Append-only.';
ALTER TABLE observation_import ALTER COLUMN content SET STORAGE EXTERNAL;

-- Committed together with the values of the block: a job that runs again skips what is done.
CREATE TABLE observation_import_block (
    job_id uuid NOT NULL REFERENCES observation_import (job_id),
    block integer NOT NULL,
    values_recorded integer NOT NULL,
    values_corrected integer NOT NULL,
    values_unchanged integer NOT NULL,
    PRIMARY KEY (job_id, block)
);
COMMENT ON TABLE observation_import_block IS 'What came of one block of a file. Append-only.';

CREATE TABLE observation_import_error (
    job_id uuid NOT NULL REFERENCES observation_import (job_id),
    block integer NOT NULL,
    place integer NOT NULL,
    line integer NOT NULL,
    column_name text NOT NULL,
    value text NOT NULL,
    code text NOT NULL,
    reason_vi text NOT NULL,
    reason_en text NOT NULL,
    PRIMARY KEY (job_id, line, block, place)
);
COMMENT ON TABLE observation_import_error IS 'One reason against one row of a file. Append-only.';
