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
CREATE TABLE signals_default PARTITION OF signals DEFAULT;

-- One row per accepted request. Background work follows the batches that are not yet taken up: it adds their
-- tally to the daily counts and has the people they touch assessed again.
CREATE TABLE signal_batches (
    id          uuid PRIMARY KEY,
    token_id    uuid,
    user_id     uuid,
    received_at timestamptz NOT NULL,
    lines       int NOT NULL,
    accepted    int NOT NULL,
    duplicates  int NOT NULL,
    rejected    int NOT NULL,
    people      uuid[] NOT NULL DEFAULT '{}',
    tally       jsonb NOT NULL DEFAULT '[]',
    taken_up_at timestamptz
);
CREATE INDEX signal_batches_waiting ON signal_batches (id) WHERE taken_up_at IS NULL;

CREATE TABLE signal_days (
    day       date NOT NULL,
    signal_id text NOT NULL,
    n         bigint NOT NULL,
    PRIMARY KEY (day, signal_id)
);

-- +goose Down
DROP TABLE signal_days;
DROP TABLE signal_batches;
DROP TABLE signals;
