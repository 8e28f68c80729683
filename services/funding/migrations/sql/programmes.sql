-- The programme tree and the rows of rules that the catalogue fills: data, so that a new period,
-- source or closing date is a row and not a release.

CREATE TABLE programme (
    id text NOT NULL CONSTRAINT pk_programme PRIMARY KEY,
    code text NOT NULL CONSTRAINT uq_programme_code UNIQUE,
    name_vi text NOT NULL,
    name_en text NOT NULL,
    parent_id text CONSTRAINT fk_programme_parent_id_programme REFERENCES programme,
    root_id text NOT NULL,
    kind text NOT NULL,
    legal_basis text[] NOT NULL,
    is_complete boolean NOT NULL,
    valid_from date NOT NULL,
    valid_to date CHECK (valid_to >= valid_from),
    position integer NOT NULL,
    revision bigint NOT NULL
);
CREATE INDEX ix_programme_parent_id ON programme (parent_id);

CREATE TABLE capital_kind (
    code text NOT NULL CONSTRAINT pk_capital_kind PRIMARY KEY,
    name_vi text NOT NULL,
    name_en text NOT NULL,
    law_vi text NOT NULL,
    has_medium_term_plan boolean NOT NULL,
    position integer NOT NULL
);

CREATE TABLE funding_source (
    code text NOT NULL CONSTRAINT pk_funding_source PRIMARY KEY,
    name_vi text NOT NULL,
    name_en text NOT NULL,
    source_group text NOT NULL,
    is_on_budget boolean NOT NULL,
    is_through_treasury boolean NOT NULL,
    is_counterpart boolean NOT NULL,
    is_in_kind boolean NOT NULL,
    issuing_area_kind text,
    valid_from date NOT NULL,
    valid_to date,
    position integer NOT NULL
);

CREATE TABLE medium_term_period (
    first_year integer NOT NULL CONSTRAINT pk_medium_term_period PRIMARY KEY,
    last_year integer NOT NULL CHECK (last_year >= first_year)
);

CREATE TABLE window_rule (
    capital_kind text NOT NULL CONSTRAINT fk_window_rule_capital_kind_capital_kind REFERENCES capital_kind,
    movement text NOT NULL CHECK (movement IN ('plan', 'disburse')),
    first_budget_year integer NOT NULL,
    last_budget_year integer,
    opens_year_offset integer NOT NULL,
    opens_month integer NOT NULL,
    opens_day integer NOT NULL,
    closes_year_offset integer NOT NULL,
    closes_month integer NOT NULL,
    closes_day integer NOT NULL,
    legal_basis text NOT NULL,
    CONSTRAINT pk_window_rule PRIMARY KEY (capital_kind, movement, first_budget_year)
);
COMMENT ON TABLE window_rule IS 'Between which dates money of a budget year may be planned or disbursed.';

CREATE FUNCTION programme_is_under(p_id text, p_node_id text) RETURNS boolean
LANGUAGE sql STABLE AS $$
    WITH RECURSIVE climb (id) AS (
        SELECT p_id
        UNION ALL
        SELECT p.parent_id FROM climb c JOIN programme p ON p.id = c.id WHERE p.parent_id IS NOT NULL
    )
    SELECT EXISTS (SELECT FROM climb c WHERE c.id = p_node_id)
$$;

-- Brings the tables to what the catalogue says, in one statement, and tells the feed what changed.
-- Loading the same catalogue again changes nothing. Rows that a catalogue leaves out stay.
CREATE FUNCTION load_catalogue(p_catalogue jsonb) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    v_changed bigint;
BEGIN
    INSERT INTO capital_kind
    SELECT * FROM jsonb_populate_recordset(NULL::capital_kind, p_catalogue -> 'capital_kinds')
    ON CONFLICT (code) DO UPDATE SET
        name_vi = excluded.name_vi, name_en = excluded.name_en, law_vi = excluded.law_vi,
        has_medium_term_plan = excluded.has_medium_term_plan, position = excluded.position;
    INSERT INTO funding_source
    SELECT * FROM jsonb_populate_recordset(NULL::funding_source, p_catalogue -> 'funding_sources')
    ON CONFLICT (code) DO UPDATE SET
        name_vi = excluded.name_vi, name_en = excluded.name_en,
        source_group = excluded.source_group, is_on_budget = excluded.is_on_budget,
        is_through_treasury = excluded.is_through_treasury,
        is_counterpart = excluded.is_counterpart, is_in_kind = excluded.is_in_kind,
        issuing_area_kind = excluded.issuing_area_kind, valid_from = excluded.valid_from,
        valid_to = excluded.valid_to, position = excluded.position;
    INSERT INTO medium_term_period
    SELECT * FROM jsonb_populate_recordset(
        NULL::medium_term_period, p_catalogue -> 'medium_term_periods')
    ON CONFLICT (first_year) DO UPDATE SET last_year = excluded.last_year;
    INSERT INTO window_rule
    SELECT * FROM jsonb_populate_recordset(NULL::window_rule, p_catalogue -> 'window_rules')
    ON CONFLICT (capital_kind, movement, first_budget_year) DO UPDATE SET
        last_budget_year = excluded.last_budget_year,
        opens_year_offset = excluded.opens_year_offset, opens_month = excluded.opens_month,
        opens_day = excluded.opens_day, closes_year_offset = excluded.closes_year_offset,
        closes_month = excluded.closes_month, closes_day = excluded.closes_day,
        legal_basis = excluded.legal_basis;
    WITH loaded AS (
        INSERT INTO programme
        SELECT * FROM jsonb_populate_recordset(NULL::programme, p_catalogue -> 'programmes')
        ON CONFLICT (id) DO UPDATE SET
            code = excluded.code, name_vi = excluded.name_vi, name_en = excluded.name_en,
            parent_id = excluded.parent_id, root_id = excluded.root_id, kind = excluded.kind,
            legal_basis = excluded.legal_basis, is_complete = excluded.is_complete,
            valid_from = excluded.valid_from, valid_to = excluded.valid_to,
            position = excluded.position, revision = programme.revision + 1
        WHERE to_jsonb(programme) - 'revision' <> to_jsonb(excluded) - 'revision'
        RETURNING *
    ), told AS (
        SELECT append_change('programme', l.id, l.revision, jsonb_build_object(
            'id', l.id, 'code', l.code, 'name_vi', l.name_vi, 'name_en', l.name_en,
            'parent_id', l.parent_id, 'kind', l.kind, 'from', l.valid_from, 'to', l.valid_to),
            'load', 'system', '')
        FROM (SELECT * FROM loaded ORDER BY position) l
    )
    SELECT count(*) INTO v_changed FROM told;
    RETURN v_changed;
END $$;
