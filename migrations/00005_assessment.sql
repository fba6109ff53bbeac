-- +goose Up
-- A flag is a finding that asks for an answer from us: a red flag or a raised signal waits for a disposition,
-- a concern may be given one. Explained flags stop counting, for good.
CREATE TABLE flags (
    id          uuid PRIMARY KEY,
    person_id   uuid NOT NULL REFERENCES people (id),
    item_id     text NOT NULL,
    answer      text NOT NULL CONSTRAINT flags_answer CHECK (answer IN ('concern', 'red-flag', 'raised')),
    strength    text NOT NULL CONSTRAINT flags_strength CHECK (strength IN ('weak', 'moderate', 'strong', 'decisive')),
    group_id    text NOT NULL,
    origin_kind text NOT NULL CONSTRAINT flags_origin CHECK (origin_kind IN ('answer', 'check', 'signal')),
    origin_id   text NOT NULL,
    summary     text NOT NULL DEFAULT '',
    state       text NOT NULL DEFAULT 'open' CONSTRAINT flags_state CHECK (state IN ('open', 'explained', 'confirmed')),
    raised_at   timestamptz NOT NULL,
    raised_by   uuid,
    -- The last disposition; earlier ones are in the audit log.
    disposed_at timestamptz,
    disposed_by uuid,
    reason      text NOT NULL DEFAULT '',
    -- A decisive finding counts as confirmed once a second person agrees.
    seconded_at timestamptz,
    seconded_by uuid,
    withdrawn_at timestamptz,
    version     int NOT NULL DEFAULT 1,
    CONSTRAINT flags_second_person CHECK (seconded_by IS NULL OR seconded_by <> disposed_by)
);
CREATE UNIQUE INDEX flags_origin_once ON flags (person_id, item_id, origin_kind, origin_id);
CREATE INDEX flags_person ON flags (person_id, raised_at DESC);
CREATE INDEX flags_waiting ON flags (raised_at, id) WHERE state = 'open' AND answer <> 'concern' AND withdrawn_at IS NULL;
CREATE INDEX flags_item_open ON flags (item_id) WHERE state <> 'explained' AND withdrawn_at IS NULL;

-- What was reported of a person: one row per check or signal and origin. Assessing reads these and nothing else.
CREATE TABLE outcomes (
    person_id   uuid NOT NULL REFERENCES people (id),
    item_id     text NOT NULL,
    origin_kind text NOT NULL CONSTRAINT outcomes_origin CHECK (origin_kind IN ('answer', 'check', 'signal')),
    origin_id   text NOT NULL,
    answer      text NOT NULL CONSTRAINT outcomes_answer CHECK (answer IN ('clear', 'concern', 'red-flag', 'not-done', 'raised')),
    note        text NOT NULL DEFAULT '',
    count       int NOT NULL DEFAULT 1,
    noted_at    timestamptz NOT NULL,
    noted_by    uuid,
    PRIMARY KEY (person_id, item_id, origin_kind, origin_id)
);

CREATE TABLE assessments (
    person_id   uuid PRIMARY KEY REFERENCES people (id),
    edition     text NOT NULL,
    score       smallint NOT NULL,
    band        text NOT NULL,
    coverage    smallint NOT NULL,
    claims      jsonb NOT NULL DEFAULT '[]',
    reasons     jsonb NOT NULL DEFAULT '[]',
    next        jsonb NOT NULL DEFAULT '[]',
    assessed_at timestamptz NOT NULL
);

-- How the band moved, and on what; written when score or band changes.
CREATE TABLE assessment_moves (
    id        uuid PRIMARY KEY,
    person_id uuid NOT NULL REFERENCES people (id),
    at        timestamptz NOT NULL,
    from_band text NOT NULL,
    to_band   text NOT NULL,
    score     smallint NOT NULL,
    coverage  smallint NOT NULL,
    cause     text NOT NULL
);
CREATE INDEX assessment_moves_person ON assessment_moves (person_id, at DESC);
CREATE INDEX assessment_moves_band ON assessment_moves (at DESC) WHERE from_band <> to_band;

-- +goose Down
DROP TABLE assessment_moves;
DROP TABLE assessments;
DROP TABLE outcomes;
DROP TABLE flags;
