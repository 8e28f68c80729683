-- Projects, the documents that set ceilings, and the limit rows that hold them.

CREATE TABLE project (
    id text NOT NULL CONSTRAINT pk_project PRIMARY KEY,
    code text NOT NULL CONSTRAINT uq_project_code UNIQUE,
    name text NOT NULL,
    search_key text NOT NULL,
    project_kind text NOT NULL CHECK (project_kind IN ('work', 'activity', 'production_support')),
    area_id text NOT NULL,
    owner_id text,
    total_investment_vnd bigint CHECK (total_investment_vnd >= 0),
    approved_estimate_vnd bigint CHECK (approved_estimate_vnd >= 0),
    approved_on date NOT NULL,
    document_id text NOT NULL,
    is_demonstration boolean NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT one_ceiling CHECK (
        (project_kind = 'work') = (total_investment_vnd IS NOT NULL)
        AND (project_kind = 'work') = (approved_estimate_vnd IS NULL)
    )
);
CREATE INDEX ix_project_area_id ON project (area_id);

CREATE TABLE acceptance (
    id text NOT NULL CONSTRAINT pk_acceptance PRIMARY KEY,
    project_id text NOT NULL CONSTRAINT fk_acceptance_project_id_project REFERENCES project,
    accepted_on date NOT NULL,
    amount_vnd bigint NOT NULL CHECK (amount_vnd > 0),
    document_id text NOT NULL,
    author text NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX ix_acceptance_project_id ON acceptance (project_id);
COMMENT ON TABLE acceptance IS 'Accepted completed volume of a work. Append-only.';

CREATE TABLE medium_term_plan (
    id text NOT NULL CONSTRAINT pk_medium_term_plan PRIMARY KEY,
    programme_id text NOT NULL CONSTRAINT fk_medium_term_plan_programme_id_programme REFERENCES programme,
    area_id text NOT NULL,
    first_year integer NOT NULL
        CONSTRAINT fk_medium_term_plan_first_year_medium_term_period REFERENCES medium_term_period,
    ceiling_vnd bigint NOT NULL CHECK (ceiling_vnd >= 0),
    document_id text NOT NULL,
    author text NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX ix_medium_term_plan_area_id ON medium_term_plan (area_id, programme_id);
COMMENT ON TABLE medium_term_plan IS 'Ceilings as documents set them; the newest holds. Append-only.';

-- used counts what has effect, reserved what waits for approval. An open ceiling (null) still counts
-- its use, so a plan that arrives later is held against everything posted before it.
CREATE TABLE limit_row (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_limit_row PRIMARY KEY,
    kind text NOT NULL
        CHECK (kind IN ('medium_term', 'total_investment', 'accepted_volume', 'approved_estimate')),
    programme_id text,
    area_id text,
    first_year integer,
    project_id text,
    ceiling_vnd bigint,
    used_vnd bigint NOT NULL DEFAULT 0 CHECK (used_vnd >= 0),
    reserved_vnd bigint NOT NULL DEFAULT 0 CHECK (reserved_vnd >= 0),
    document_id text,
    CONSTRAINT uq_limit_row_kind
        UNIQUE NULLS NOT DISTINCT (kind, programme_id, area_id, first_year, project_id),
    CONSTRAINT used_within_ceiling CHECK (used_vnd + reserved_vnd <= ceiling_vnd)
) WITH (fillfactor = 80);
CREATE INDEX ix_limit_row_project_id ON limit_row (project_id);

CREATE FUNCTION open_limits_of_project() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = funding, pg_temp AS $$
BEGIN
    INSERT INTO limit_row (kind, project_id, ceiling_vnd, document_id)
    SELECT l.kind, NEW.id, l.ceiling_vnd, NEW.document_id
    FROM (VALUES
        ('total_investment', NEW.total_investment_vnd, NEW.project_kind = 'work'),
        ('accepted_volume', 0::bigint, NEW.project_kind = 'work'),
        ('approved_estimate', NEW.approved_estimate_vnd, NEW.project_kind <> 'work')
    ) AS l (kind, ceiling_vnd, applies)
    WHERE l.applies;
    RETURN NULL;
END $$;
CREATE TRIGGER project_opens_limits AFTER INSERT ON project
    FOR EACH ROW EXECUTE FUNCTION open_limits_of_project();

CREATE FUNCTION raise_accepted_volume() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = funding, pg_temp AS $$
BEGIN
    UPDATE limit_row SET ceiling_vnd = ceiling_vnd + NEW.amount_vnd, document_id = NEW.document_id
    WHERE kind = 'accepted_volume' AND project_id = NEW.project_id;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'only a work has accepted volume' USING ERRCODE = 'CS001',
            DETAIL = jsonb_build_object('code', 'not_a_work', 'pointer', '/project_id');
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER acceptance_raises_volume AFTER INSERT ON acceptance
    FOR EACH ROW EXECUTE FUNCTION raise_accepted_volume();

CREATE FUNCTION set_medium_term_ceiling() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = funding, pg_temp AS $$
DECLARE
    v_limit limit_row;
BEGIN
    INSERT INTO limit_row (kind, programme_id, area_id, first_year)
    VALUES ('medium_term', NEW.programme_id, NEW.area_id, NEW.first_year)
    ON CONFLICT ON CONSTRAINT uq_limit_row_kind DO NOTHING;
    SELECT * INTO v_limit FROM limit_row l
    WHERE l.kind = 'medium_term' AND l.programme_id = NEW.programme_id
      AND l.area_id = NEW.area_id AND l.first_year = NEW.first_year
    FOR NO KEY UPDATE;
    IF v_limit.used_vnd + v_limit.reserved_vnd > NEW.ceiling_vnd THEN
        RAISE EXCEPTION 'the ceiling lies below what is planned' USING ERRCODE = 'CS001',
            DETAIL = jsonb_build_object(
                'code', 'ceiling_below_use', 'pointer', '/ceiling_vnd',
                'ceiling_vnd', NEW.ceiling_vnd, 'used_vnd', v_limit.used_vnd + v_limit.reserved_vnd);
    END IF;
    UPDATE limit_row SET ceiling_vnd = NEW.ceiling_vnd, document_id = NEW.document_id
    WHERE id = v_limit.id;
    RETURN NULL;
END $$;
CREATE TRIGGER plan_sets_ceiling AFTER INSERT ON medium_term_plan
    FOR EACH ROW EXECUTE FUNCTION set_medium_term_ceiling();
