-- The standards, the verdicts that follow from them, and the planned results.

CREATE TABLE criteria_set (
    code text COLLATE "C" NOT NULL,
    version text COLLATE "C" NOT NULL,
    state text NOT NULL CHECK (state IN ('draft', 'published')),
    body jsonb NOT NULL,
    resolved text,
    hash text NOT NULL,
    area_kind text NOT NULL,
    designations text[] NOT NULL,
    valid_from date NOT NULL,
    valid_to date,
    is_demonstration boolean NOT NULL,
    revision bigint NOT NULL,
    recorded_by bigint NOT NULL REFERENCES change,
    PRIMARY KEY (code, version),
    CONSTRAINT published_is_resolved CHECK ((state = 'published') = (resolved IS NOT NULL))
);
COMMENT ON TABLE criteria_set IS 'A legal standard as data. A published version never changes.';
COMMENT ON COLUMN criteria_set.resolved IS
    'Canonical JSON of the set with what it extends filled in: what judges, and what hash covers.';

CREATE FUNCTION refuse_change_of_published_set() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'criteria set % version % is published', OLD.code, OLD.version
        USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER criteria_set_is_immutable BEFORE UPDATE OR DELETE ON criteria_set
    FOR EACH ROW WHEN (OLD.state = 'published')
    EXECUTE FUNCTION refuse_change_of_published_set();

-- A verdict holds from effective_on until the next row of the same area and set. A row exists where
-- the verdict changes; the tree with its trace is recomputed from the sheet.
CREATE TABLE verdict (
    area_id text COLLATE "C" NOT NULL,
    criteria_set text COLLATE "C" NOT NULL,
    effective_on date NOT NULL,
    criteria_set_hash text NOT NULL,
    indicators bytea NOT NULL,
    criteria bytea NOT NULL,
    criteria_met smallint NOT NULL,
    criteria_total smallint NOT NULL,
    indicators_met smallint NOT NULL,
    indicators_total smallint NOT NULL,
    verdict_code smallint NOT NULL,
    is_demonstration boolean NOT NULL,
    revision bigint NOT NULL,
    recorded_by bigint NOT NULL,
    PRIMARY KEY (area_id, criteria_set, effective_on)
);

CREATE TABLE judged_day (
    effective_on date PRIMARY KEY,
    judged_at timestamptz NOT NULL
);
COMMENT ON TABLE judged_day IS 'Civil dates whose calendar boundaries have been judged.';

CREATE TABLE target (
    id text COLLATE "C" PRIMARY KEY,
    area_id text COLLATE "C" NOT NULL,
    result text NOT NULL,
    criteria_set text COLLATE "C" NOT NULL,
    document_id text COLLATE "C" NOT NULL,
    kind text NOT NULL,
    year smallint NOT NULL,
    planned_value numeric NOT NULL CHECK (planned_value >= 0),
    denominator text NOT NULL,
    is_demonstration boolean NOT NULL,
    author text NOT NULL,
    recorded_by bigint NOT NULL REFERENCES change,
    UNIQUE (document_id, area_id, result, criteria_set, year)
);
COMMENT ON TABLE target IS 'A planned result and the document that set it. Append-only.';
CREATE INDEX ix_target_area_id_year ON target (area_id, year);
