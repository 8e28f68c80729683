-- Areas over time, organisations and documents.
-- Two times: dates say when something held (inclusive on both ends), change ids say when it was recorded
-- (recorded_by) and when a later change took its place (superseded_by). Rows are never edited otherwise.

CREATE TABLE document (
    id text COLLATE "C" PRIMARY KEY,
    number text NOT NULL,
    kind text NOT NULL,
    issuer text NOT NULL,
    title text NOT NULL,
    issued_on date,
    programme text,
    file_hash text CHECK (file_hash ~ '^[0-9a-f]{64}$'),
    replaces_id text COLLATE "C" REFERENCES document,
    certainty text NOT NULL,
    is_demonstration boolean NOT NULL,
    search_key text COLLATE "C" NOT NULL,
    sort_key text COLLATE "C" NOT NULL,
    recorded_by bigint NOT NULL REFERENCES change,
    CONSTRAINT uq_document_issuer_number_issued_on
        UNIQUE NULLS NOT DISTINCT (issuer, number, issued_on)
);
COMMENT ON TABLE document IS 'Every legal act that the system refers to. Append-only.';
CREATE INDEX ix_document_sort_key_id ON document (sort_key, id);

CREATE TABLE area_kind (
    code text COLLATE "C" PRIMARY KEY,
    name_vi text NOT NULL,
    name_en text NOT NULL,
    rank smallint NOT NULL,
    ends_on date
);
COMMENT ON TABLE area_kind IS 'Kinds of area are data; a parent has a lower rank than its child.';

CREATE TABLE area (
    id text COLLATE "C" PRIMARY KEY,
    revision bigint NOT NULL,
    CONSTRAINT id_is_no_code CHECK (id !~ '^[0-9]+$')
);
COMMENT ON TABLE area IS 'The identity of an area, and the row to lock before anything about it changes.';

CREATE TABLE area_span (
    area_id text COLLATE "C" NOT NULL REFERENCES area,
    begins_on date NOT NULL,
    ends_on date,
    code text COLLATE "C" NOT NULL,
    kind text COLLATE "C" NOT NULL REFERENCES area_kind,
    designation text NOT NULL,
    name text NOT NULL,
    parent_id text COLLATE "C" REFERENCES area,
    known_from date NOT NULL,
    source text NOT NULL,
    latitude numeric(9, 6),
    longitude numeric(9, 6),
    area_km2 numeric(12, 2),
    search_key text COLLATE "C" NOT NULL,
    sort_key text COLLATE "C" NOT NULL,
    recorded_by bigint NOT NULL REFERENCES change,
    superseded_by bigint REFERENCES change,
    PRIMARY KEY (area_id, begins_on, recorded_by),
    CONSTRAINT dates_in_order CHECK (ends_on >= begins_on)
);
COMMENT ON COLUMN area_span.known_from IS 'Before this date the span is assumed, not read from a register.';
CREATE UNIQUE INDEX uq_area_span_live ON area_span (area_id, begins_on) WHERE superseded_by IS NULL;
CREATE UNIQUE INDEX uq_area_span_live_code ON area_span (kind, code, begins_on)
    WHERE superseded_by IS NULL;
CREATE INDEX ix_area_span_parent_id ON area_span (parent_id);
CREATE INDEX ix_area_span_code ON area_span (code);
CREATE INDEX ix_area_span_sort_key_area_id ON area_span (sort_key, area_id);

CREATE TABLE area_attribute (
    area_id text COLLATE "C" NOT NULL REFERENCES area,
    name text COLLATE "C" NOT NULL,
    value text NOT NULL,
    begins_on date NOT NULL,
    ends_on date,
    source text NOT NULL,
    recorded_by bigint NOT NULL REFERENCES change,
    superseded_by bigint REFERENCES change,
    PRIMARY KEY (area_id, name, begins_on, recorded_by),
    CONSTRAINT dates_in_order CHECK (ends_on >= begins_on)
);
CREATE UNIQUE INDEX uq_area_attribute_live ON area_attribute (area_id, name, begins_on)
    WHERE superseded_by IS NULL;

CREATE TABLE area_lineage (
    from_id text COLLATE "C" NOT NULL REFERENCES area,
    to_id text COLLATE "C" NOT NULL REFERENCES area,
    effective_on date NOT NULL,
    extent text NOT NULL CHECK (extent IN ('whole', 'seat_part', 'part')),
    share numeric(9, 8) CHECK (share > 0 AND share <= 1),
    recorded_by bigint NOT NULL REFERENCES change,
    superseded_by bigint REFERENCES change,
    PRIMARY KEY (from_id, to_id, effective_on, recorded_by),
    CONSTRAINT not_itself CHECK (from_id <> to_id)
);
COMMENT ON COLUMN area_lineage.share IS 'Part of the old area that went this way, when it is known.';
CREATE INDEX ix_area_lineage_to_id ON area_lineage (to_id);

CREATE TABLE area_change (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind text NOT NULL,
    effective_on date NOT NULL,
    document_id text COLLATE "C" NOT NULL REFERENCES document,
    note text NOT NULL,
    areas_total integer NOT NULL,
    reverses_id bigint UNIQUE REFERENCES area_change,
    recorded_by bigint NOT NULL REFERENCES change
);
COMMENT ON COLUMN area_change.reverses_id IS 'The mistaken change that this one takes back.';
CREATE INDEX ix_area_change_effective_on_id ON area_change (effective_on, id);
CREATE INDEX ix_area_change_recorded_by ON area_change (recorded_by);

CREATE TABLE area_change_area (
    area_change_id bigint NOT NULL REFERENCES area_change,
    area_id text COLLATE "C" NOT NULL REFERENCES area,
    part text NOT NULL CHECK (part IN ('began', 'changed', 'ended')),
    PRIMARY KEY (area_change_id, area_id)
);
CREATE INDEX ix_area_change_area_area_id ON area_change_area (area_id);

CREATE TABLE organisation (
    id text COLLATE "C" PRIMARY KEY,
    code text COLLATE "C" NOT NULL UNIQUE,
    name text NOT NULL,
    kind text COLLATE "C" NOT NULL,
    area_id text COLLATE "C" NOT NULL REFERENCES area,
    begins_on date NOT NULL,
    ends_on date,
    search_key text COLLATE "C" NOT NULL,
    sort_key text COLLATE "C" NOT NULL,
    recorded_by bigint NOT NULL REFERENCES change,
    CONSTRAINT dates_in_order CHECK (ends_on >= begins_on)
);
CREATE INDEX ix_organisation_area_id ON organisation (area_id);
CREATE INDEX ix_organisation_sort_key_id ON organisation (sort_key, id);

CREATE TABLE catalogue_load (
    part text COLLATE "C" PRIMARY KEY,
    content_hash bytea NOT NULL,
    recorded_by bigint NOT NULL REFERENCES change,
    loaded_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE catalogue_load IS 'Which content of the catalogue is in the tables: the same is never loaded twice.';
