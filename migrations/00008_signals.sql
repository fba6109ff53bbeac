-- +goose Up
-- Telemetry events, in monthly partitions (made ahead by the application; the default catches the rest).
-- The partition key is part of the unique key, so a replay is recognised by source, external id and event time.
CREATE TABLE signals (
    id            uuid NOT NULL,
    batch_id      uuid NOT NULL,
    source        text NOT NULL,
    external_id   text NOT NULL,
    occurred_at   timestamptz NOT NULL,
    signal_id     text NOT NULL,
    person_id     uuid,
    engagement_id uuid,
    account       text,
    detail        jsonb NOT NULL DEFAULT '{}',
    CONSTRAINT signals_once UNIQUE (source, external_id, occurred_at)
) PARTITION BY RANGE (occurred_at);
CREATE INDEX signals_person ON signals (person_id, occurred_at DESC);
CREATE INDEX signals_recent ON signals (occurred_at DESC, id DESC);
-- The rarest kinds are the gravest: finding the last of them must not mean reading all the others.
CREATE INDEX signals_kind ON signals (signal_id, occurred_at DESC, id DESC);
CREATE INDEX signals_unresolved ON signals (occurred_at DESC, id DESC) WHERE person_id IS NULL;
CREATE TABLE signals_default PARTITION OF signals DEFAULT;

-- One row per accepted request. Background work follows the batches that are not yet taken up: it adds what came to
-- the counts below, and then has the people concerned assessed again. What came is kept here until then, in arrays
-- of equal length: by day and kind, by source, and by person, kind and source. Names are places in the array names.
CREATE TABLE signal_batches (
    id             uuid PRIMARY KEY,
    token_id       uuid,
    user_id        uuid,
    received_at    timestamptz NOT NULL,
    lines          int NOT NULL,
    accepted       int NOT NULL,
    duplicates     int NOT NULL,
    rejected       int NOT NULL,
    unresolved     int NOT NULL DEFAULT 0,
    names          text[] NOT NULL DEFAULT '{}',
    days           date[] NOT NULL DEFAULT '{}',
    day_kinds      smallint[] NOT NULL DEFAULT '{}',
    day_counts     int[] NOT NULL DEFAULT '{}',
    sources        smallint[] NOT NULL DEFAULT '{}',
    source_counts  int[] NOT NULL DEFAULT '{}',
    source_first   timestamptz[] NOT NULL DEFAULT '{}',
    source_last    timestamptz[] NOT NULL DEFAULT '{}',
    people         uuid[] NOT NULL DEFAULT '{}',
    person_kinds   smallint[] NOT NULL DEFAULT '{}',
    person_counts  int[] NOT NULL DEFAULT '{}',
    person_last    timestamptz[] NOT NULL DEFAULT '{}',
    person_sources smallint[] NOT NULL DEFAULT '{}',
    taken_up_at    timestamptz
);
CREATE INDEX signal_batches_waiting ON signal_batches (id) WHERE taken_up_at IS NULL;

CREATE TABLE signal_days (
    day       date NOT NULL,
    signal_id text NOT NULL,
    n         bigint NOT NULL,
    PRIMARY KEY (day, signal_id)
);

-- When each source was last heard of: one that has gone silent is unknown, not clear.
CREATE TABLE signal_sources (
    source   text PRIMARY KEY,
    n        bigint NOT NULL,
    first_at timestamptz NOT NULL,
    last_at  timestamptz NOT NULL
);

-- How often a kind was seen of a person, and of how many of these the assessment knows.
CREATE TABLE signal_totals (
    person_id   uuid NOT NULL,
    signal_id   text NOT NULL,
    n           bigint NOT NULL,
    noted       bigint NOT NULL DEFAULT 0,
    last_at     timestamptz NOT NULL,
    last_source text NOT NULL,
    PRIMARY KEY (person_id, signal_id)
);
CREATE INDEX signal_totals_due ON signal_totals (person_id) WHERE noted < n;

-- +goose Down
DROP TABLE signal_totals;
DROP TABLE signal_sources;
DROP TABLE signal_days;
DROP TABLE signal_batches;
DROP TABLE signals;
