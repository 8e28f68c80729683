-- The facts: copies of what the sources said, keyed so that a fold touches one area and period only.

CREATE TABLE result_fact (
    area_id text NOT NULL,
    criteria_set text NOT NULL,
    held_from date NOT NULL,
    criteria_set_hash text NOT NULL,
    criteria_met smallint NOT NULL,
    criteria_total smallint NOT NULL,
    indicators_met smallint NOT NULL,
    indicators_total smallint NOT NULL,
    verdict text NOT NULL,
    letters text NOT NULL,
    is_demonstration boolean NOT NULL,
    CONSTRAINT pk_result_fact PRIMARY KEY (area_id, criteria_set, held_from)
);
COMMENT ON TABLE result_fact IS 'Steps: a row holds from its day until the next row of the same area and set.';
COMMENT ON COLUMN result_fact.letters IS 'One letter per criterion in the order of the set: m n a u x.';

CREATE TABLE posted_transfer (
    id text NOT NULL,
    template text NOT NULL,
    value_on date NOT NULL,
    document_id text,
    is_demonstration boolean NOT NULL,
    CONSTRAINT pk_posted_transfer PRIMARY KEY (id)
);
COMMENT ON TABLE posted_transfer IS 'A transfer counts once: its row here is written with its effect on money_fact.';

CREATE TABLE posted_line (
    transfer_id text NOT NULL,
    place smallint NOT NULL,
    pocket_id text NOT NULL,
    giver_pocket_id text,
    value_on date NOT NULL,
    balance text NOT NULL,
    flow text NOT NULL,
    amount_vnd bigint NOT NULL,
    CONSTRAINT pk_posted_line PRIMARY KEY (transfer_id, place),
    CONSTRAINT fk_posted_line_transfer_id_posted_transfer
        FOREIGN KEY (transfer_id) REFERENCES posted_transfer (id),
    CONSTRAINT fk_posted_line_pocket_id_pocket FOREIGN KEY (pocket_id) REFERENCES pocket (id)
);
COMMENT ON COLUMN posted_line.giver_pocket_id IS 'Of a receipt: the pocket that passed the money down; null when a budget issued it.';
CREATE INDEX ix_posted_line_pocket_id ON posted_line (pocket_id, value_on);

CREATE TABLE money_fact (
    area_id text NOT NULL,
    budget_year smallint NOT NULL,
    value_month date NOT NULL,
    programme_id text NOT NULL,
    component_id text NOT NULL,
    capital_kind text NOT NULL,
    source text NOT NULL,
    year_of_origin smallint NOT NULL,
    holder_kind text NOT NULL,
    from_area_id text NOT NULL,
    received_vnd bigint NOT NULL,
    passed_down_vnd bigint NOT NULL,
    advanced_vnd bigint NOT NULL,
    paid_vnd bigint NOT NULL,
    recovered_vnd bigint NOT NULL,
    refunded_advance_vnd bigint NOT NULL,
    refunded_paid_vnd bigint NOT NULL,
    is_demonstration boolean NOT NULL,
    CONSTRAINT pk_money_fact PRIMARY KEY (
        area_id, budget_year, value_month, programme_id, component_id,
        capital_kind, source, year_of_origin, holder_kind, from_area_id
    )
);
COMMENT ON COLUMN money_fact.from_area_id IS 'Area that passed the receipts of this row down; empty for issued money and other movements.';
COMMENT ON TABLE money_fact IS 'Movements of one month, added up; whole months are read here, the rest from posted_line.';

CREATE TABLE target_fact (
    id text NOT NULL,
    area_id text NOT NULL,
    result text NOT NULL,
    criteria_set text,
    document_id text,
    kind text NOT NULL,
    year smallint NOT NULL,
    planned_value numeric NOT NULL,
    denominator text,
    is_demonstration boolean NOT NULL,
    CONSTRAINT pk_target_fact PRIMARY KEY (id)
);
CREATE INDEX ix_target_fact_area_id ON target_fact (area_id);
