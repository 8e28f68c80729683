-- The ledger. transfer, decision and entry are append-only: a state is a decision row, not an update.

CREATE TABLE pocket (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_pocket PRIMARY KEY,
    programme_id text NOT NULL CONSTRAINT fk_pocket_programme_id_programme REFERENCES programme,
    component_id text CONSTRAINT fk_pocket_component_id_programme REFERENCES programme,
    capital_kind text NOT NULL CONSTRAINT fk_pocket_capital_kind_capital_kind REFERENCES capital_kind,
    source text NOT NULL CONSTRAINT fk_pocket_source_funding_source REFERENCES funding_source,
    year_of_origin integer NOT NULL,
    budget_year integer NOT NULL CHECK (budget_year >= year_of_origin),
    holder_kind text NOT NULL CHECK (holder_kind IN ('area', 'organisation', 'project')),
    holder_id text NOT NULL,
    area_id text NOT NULL,
    opened_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT uq_pocket_programme_id UNIQUE NULLS NOT DISTINCT
        (programme_id, component_id, capital_kind, source, year_of_origin, budget_year,
         holder_kind, holder_id)
);
CREATE INDEX ix_pocket_area_id ON pocket (area_id, budget_year);
CREATE INDEX ix_pocket_budget_year ON pocket (budget_year);
CREATE INDEX ix_pocket_holder_id ON pocket (holder_id);

-- One row per pocket, so that a payment locks and updates one row.
CREATE TABLE balance (
    pocket_id bigint NOT NULL CONSTRAINT pk_balance PRIMARY KEY
        CONSTRAINT fk_balance_pocket_id_pocket REFERENCES pocket,
    issued_vnd bigint NOT NULL DEFAULT 0
        CONSTRAINT issued_is_a_source CHECK (issued_vnd BETWEEN -9000000000000000 AND 0),
    available_vnd bigint NOT NULL DEFAULT 0,
    advance_vnd bigint NOT NULL DEFAULT 0,
    paid_vnd bigint NOT NULL DEFAULT 0,
    available_reserved_vnd bigint NOT NULL DEFAULT 0,
    advance_reserved_vnd bigint NOT NULL DEFAULT 0,
    paid_reserved_vnd bigint NOT NULL DEFAULT 0,
    CONSTRAINT available_floor CHECK (available_reserved_vnd BETWEEN 0 AND available_vnd),
    CONSTRAINT advance_floor CHECK (advance_reserved_vnd BETWEEN 0 AND advance_vnd),
    CONSTRAINT paid_floor CHECK (paid_reserved_vnd BETWEEN 0 AND paid_vnd)
) WITH (fillfactor = 70);

CREATE TABLE transfer (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_transfer PRIMARY KEY,
    template text NOT NULL CHECK (template IN
        ('assign', 'allocate', 'advance', 'pay', 'recover', 'refund', 'reverse')),
    reversed_id bigint CONSTRAINT fk_transfer_reversed_id_transfer REFERENCES transfer,
    of_template text NOT NULL,
    pocket_id bigint NOT NULL CONSTRAINT fk_transfer_pocket_id_pocket REFERENCES pocket,
    to_pocket_id bigint NOT NULL CONSTRAINT fk_transfer_to_pocket_id_pocket REFERENCES pocket,
    area_id text NOT NULL,
    amount_vnd bigint NOT NULL CHECK (amount_vnd > 0),
    lines jsonb NOT NULL,
    limits jsonb NOT NULL,
    value_on date NOT NULL,
    document_id text NOT NULL CONSTRAINT fk_transfer_document_id_document REFERENCES document,
    is_demonstration boolean NOT NULL,
    note text NOT NULL,
    author text NOT NULL,
    recorded_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    CONSTRAINT uq_transfer_id UNIQUE (id, author),
    CONSTRAINT reversal_names_its_transfer CHECK ((template = 'reverse') = (reversed_id IS NOT NULL))
);
CREATE INDEX ix_transfer_reversed_id ON transfer (reversed_id) WHERE reversed_id IS NOT NULL;
CREATE INDEX ix_transfer_pocket_id ON transfer (pocket_id, id);
CREATE INDEX ix_transfer_to_pocket_id ON transfer (to_pocket_id, id);

-- What waits for a decision: only an index of transfer, so that expiry never reads the past.
CREATE TABLE pending_transfer (
    transfer_id bigint NOT NULL CONSTRAINT pk_pending_transfer PRIMARY KEY
        CONSTRAINT fk_pending_transfer_transfer_id_transfer REFERENCES transfer,
    expires_at timestamptz NOT NULL
);
CREATE INDEX ix_pending_transfer_expires_at ON pending_transfer (expires_at);

-- The author stands here too, under a foreign key, so that the row itself can refuse maker = checker.
CREATE TABLE decision (
    transfer_id bigint NOT NULL CONSTRAINT pk_decision PRIMARY KEY,
    author text NOT NULL,
    outcome text NOT NULL CHECK (outcome IN ('posted', 'rejected', 'expired')),
    decided_by text NOT NULL,
    decided_at timestamptz NOT NULL,
    reason text NOT NULL,
    reversed_id bigint,
    CONSTRAINT fk_decision_transfer_id_transfer
        FOREIGN KEY (transfer_id, author) REFERENCES transfer (id, author),
    CONSTRAINT approved_by_another_person CHECK (outcome <> 'posted' OR decided_by <> author)
);
CREATE UNIQUE INDEX reversed_once ON decision (reversed_id) WHERE outcome = 'posted';

-- Lines that have effect. counter_pocket_id is the other side; null where the issuing budget gave the money.
CREATE TABLE entry (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_entry PRIMARY KEY,
    transfer_id bigint NOT NULL CONSTRAINT fk_entry_transfer_id_transfer REFERENCES transfer,
    pocket_id bigint NOT NULL CONSTRAINT fk_entry_pocket_id_pocket REFERENCES pocket,
    counter_pocket_id bigint,
    balance text NOT NULL CHECK (balance IN ('issued', 'available', 'advance', 'paid')),
    flow text NOT NULL
        CHECK (flow IN ('issue', 'receive', 'pass_down', 'disburse', 'recover', 'refund')),
    amount_vnd bigint NOT NULL CHECK (amount_vnd <> 0),
    value_on date NOT NULL,
    change_id bigint NOT NULL
);
CREATE INDEX ix_entry_pocket_id ON entry (pocket_id, value_on);
CREATE INDEX ix_entry_transfer_id ON entry (transfer_id);

-- Ledger keys live for ever: a repeat after years is still a repeat.
CREATE TABLE ledger_key (
    principal text NOT NULL,
    route text NOT NULL,
    key text NOT NULL,
    body_hash bytea NOT NULL,
    answer jsonb NOT NULL,
    change_id bigint,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT pk_ledger_key PRIMARY KEY (principal, route, key)
);

CREATE TYPE ledger_line AS (
    pocket_id bigint,
    counter_pocket_id bigint,
    balance text,
    flow text,
    amount_vnd bigint
);
