-- Copies of the registers, as far as reports need names, the tree and who may see what.
-- Each row is the full state of its last change in the feed; nothing here is typed by hand.

CREATE TABLE area_span (
    area_id text NOT NULL,
    from_on date NOT NULL,
    to_on date,
    code text NOT NULL,
    kind text NOT NULL,
    designation text NOT NULL,
    name text NOT NULL,
    sort_key text NOT NULL,
    parent_id text,
    known_from date,
    CONSTRAINT pk_area_span PRIMARY KEY (area_id, from_on)
);
COMMENT ON TABLE area_span IS 'What an area was called and whom it belonged to from one day to another, both included.';
COMMENT ON COLUMN area_span.known_from IS 'Before this day the span is assumed; null when the source does not say.';
CREATE INDEX ix_area_span_parent_id ON area_span (parent_id);
CREATE INDEX ix_area_span_code ON area_span (code);

CREATE TABLE area_succession (
    from_area_id text NOT NULL,
    to_area_id text NOT NULL,
    extent text NOT NULL,
    succeeded_on date NOT NULL,
    CONSTRAINT pk_area_succession PRIMARY KEY (from_area_id, to_area_id, succeeded_on)
);
CREATE INDEX ix_area_succession_to_area_id ON area_succession (to_area_id);

CREATE TABLE organisation (
    id text NOT NULL,
    code text NOT NULL,
    name text NOT NULL,
    kind text NOT NULL,
    area_id text,
    CONSTRAINT pk_organisation PRIMARY KEY (id)
);

CREATE TABLE document (
    id text NOT NULL,
    number text NOT NULL,
    kind text NOT NULL,
    issuer text NOT NULL,
    title text NOT NULL,
    issued_on date,
    is_demonstration boolean NOT NULL,
    CONSTRAINT pk_document PRIMARY KEY (id)
);

CREATE TABLE criteria_set (
    id text NOT NULL,
    code text NOT NULL,
    version text NOT NULL,
    hash text,
    name_vi text NOT NULL,
    name_en text NOT NULL,
    tier text NOT NULL,
    area_kind text NOT NULL,
    designations text[] NOT NULL,
    from_on date NOT NULL,
    to_on date,
    state text NOT NULL,
    is_demonstration boolean NOT NULL,
    extends text,
    bands jsonb NOT NULL,
    criteria jsonb NOT NULL,
    CONSTRAINT pk_criteria_set PRIMARY KEY (id)
);
COMMENT ON COLUMN criteria_set.id IS 'Code and version: an older version stays, for reports as of its time.';
CREATE INDEX ix_criteria_set_code ON criteria_set (code);

CREATE TABLE programme (
    id text NOT NULL,
    code text NOT NULL,
    name_vi text NOT NULL,
    name_en text NOT NULL,
    parent_id text,
    kind text NOT NULL,
    CONSTRAINT pk_programme PRIMARY KEY (id)
);

CREATE TABLE pocket (
    id text NOT NULL,
    programme_id text NOT NULL,
    component_id text NOT NULL,
    capital_kind text NOT NULL,
    source text NOT NULL,
    year_of_origin smallint NOT NULL,
    budget_year smallint NOT NULL,
    holder_kind text NOT NULL,
    holder_id text NOT NULL,
    area_id text NOT NULL,
    CONSTRAINT pk_pocket PRIMARY KEY (id)
);
COMMENT ON COLUMN pocket.component_id IS 'Empty when the money is held at the level of the programme.';
CREATE INDEX ix_pocket_area_id ON pocket (area_id, budget_year);
