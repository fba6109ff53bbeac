-- +goose Up
-- The human record. The row is what lists read: features below report into it (where the person stands in
-- hiring, how the assessment came out), so that a page of fifty needs one index and no join.
CREATE TABLE people (
    id             uuid PRIMARY KEY,
    number         bigint GENERATED ALWAYS AS IDENTITY,
    name           text NOT NULL,
    location       text NOT NULL DEFAULT '',
    time_zone      text NOT NULL DEFAULT '',
    channel_id     text NOT NULL DEFAULT '',
    referrer_name  text NOT NULL DEFAULT '',
    referrer_id    uuid REFERENCES people (id),
    -- candidate: in hiring; engaged: hired; former: engagement ended; closed: application ended without a hire
    status         text NOT NULL DEFAULT 'candidate'
                   CONSTRAINT people_status CHECK (status IN ('candidate', 'engaged', 'former', 'closed')),
    -- Where they stand in hiring, reported by hiring.
    application_id uuid,
    job_id         uuid,
    job_title      text NOT NULL DEFAULT '',
    manager_id     uuid REFERENCES users (id),
    stage_id       text NOT NULL DEFAULT '',
    stage_since    timestamptz,
    -- The required checks before the next stage; missing_checks are those of them that nobody has answered, and
    -- missing is how many these are.
    awaited        text[] NOT NULL DEFAULT '{}',
    missing_checks text[] NOT NULL DEFAULT '{}',
    missing        smallint NOT NULL DEFAULT 0,
    -- How the assessment came out, reported by assessment. Coverage in percent; an unassessed person is low at 0 %.
    band           text NOT NULL DEFAULT 'low'
                   CONSTRAINT people_band CHECK (band IN ('low', 'elevated', 'high', 'critical')),
    score          smallint NOT NULL DEFAULT 0 CONSTRAINT people_score CHECK (score BETWEEN 0 AND 100),
    coverage       smallint NOT NULL DEFAULT 0 CONSTRAINT people_coverage CHECK (coverage BETWEEN 0 AND 100),
    open_flags     smallint NOT NULL DEFAULT 0,
    created_at     timestamptz NOT NULL,
    updated_at     timestamptz NOT NULL,
    version        int NOT NULL DEFAULT 1,
    erased_at      timestamptz
);
CREATE UNIQUE INDEX people_number ON people (number);
-- The main list reads its page from this index alone.
CREATE INDEX people_recent ON people (updated_at DESC, id DESC)
    INCLUDE (number, name, status, job_title, stage_id, stage_since, missing, band, score, coverage, open_flags, channel_id);
CREATE INDEX people_flagged ON people (updated_at DESC, id DESC) WHERE open_flags > 0;
-- The board: the newest of each stage, and how many there are.
CREATE INDEX people_board ON people (stage_id, updated_at DESC, id DESC) WHERE status = 'candidate';
CREATE INDEX people_stage ON people (stage_id, band, updated_at DESC, id DESC);
CREATE INDEX people_band_recent ON people (band, updated_at DESC, id DESC);
CREATE INDEX people_status_recent ON people (status, updated_at DESC, id DESC);
CREATE INDEX people_job ON people (job_id, updated_at DESC, id DESC);
CREATE INDEX people_manager ON people (manager_id, updated_at DESC, id DESC);
CREATE INDEX people_score ON people (score DESC, id DESC);
CREATE INDEX people_name ON people (lower(name), id);
CREATE INDEX people_name_search ON people USING gin (lower(name) gin_trgm_ops);
CREATE INDEX people_referrer ON people (referrer_id) WHERE referrer_id IS NOT NULL;
-- Who names the same referrer: looked up when a case asks who else came that way.
CREATE INDEX people_referrer_name ON people (lower(referrer_name)) WHERE referrer_name <> '';

-- One data key per person, wrapped by the installation's key: erasing a person's files is destroying this row's key.
CREATE TABLE person_keys (
    person_id    uuid PRIMARY KEY REFERENCES people (id),
    wrapped      bytea,
    created_at   timestamptz NOT NULL,
    destroyed_at timestamptz,
    CONSTRAINT person_keys_present CHECK ((wrapped IS NULL) = (destroyed_at IS NOT NULL))
);

-- What the person says of themselves.
CREATE TABLE claims (
    id         uuid PRIMARY KEY,
    person_id  uuid NOT NULL REFERENCES people (id),
    kind       text NOT NULL CONSTRAINT claims_kind CHECK (kind IN (
                   'name', 'email', 'phone', 'handle', 'address', 'location', 'time-zone', 'employer',
                   'education', 'language', 'profile', 'payment', 'other')),
    -- The catalogue's claim that this statement falls under (claim-identity, claim-location …).
    claim_id   text NOT NULL,
    value      text NOT NULL,
    -- Contacts and profiles in the form in which two spellings of the same are equal; empty for other kinds.
    match_key  text NOT NULL DEFAULT '',
    detail     jsonb NOT NULL DEFAULT '{}',
    source     text NOT NULL DEFAULT '',
    made_at    timestamptz NOT NULL,
    created_by uuid,
    retired_at timestamptz
);
CREATE INDEX claims_match ON claims (match_key) WHERE match_key <> '' AND retired_at IS NULL;
CREATE INDEX claims_person ON claims (person_id, kind, made_at);

-- +goose Down
DROP TABLE claims;
DROP TABLE person_keys;
DROP TABLE people;
