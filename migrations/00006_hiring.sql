-- +goose Up
CREATE TABLE jobs (
    id         uuid PRIMARY KEY,
    number     bigint GENERATED ALWAYS AS IDENTITY,
    title      text NOT NULL,
    level_id   text NOT NULL,
    edition    text NOT NULL,
    manager_id uuid NOT NULL REFERENCES users (id),
    team       text NOT NULL DEFAULT '',
    notes      text NOT NULL DEFAULT '',
    status     text NOT NULL DEFAULT 'open' CONSTRAINT jobs_status CHECK (status IN ('open', 'closed')),
    created_at timestamptz NOT NULL,
    created_by uuid,
    version    int NOT NULL DEFAULT 1
);
CREATE INDEX jobs_manager ON jobs (manager_id);
CREATE INDEX jobs_status_recent ON jobs (status, created_at DESC, id DESC);

CREATE TABLE applications (
    id            uuid PRIMARY KEY,
    person_id     uuid NOT NULL REFERENCES people (id),
    job_id        uuid NOT NULL REFERENCES jobs (id),
    edition       text NOT NULL,
    stage_id      text NOT NULL,
    stage_since   timestamptz NOT NULL,
    status        text NOT NULL DEFAULT 'active'
                  CONSTRAINT applications_status CHECK (status IN ('active', 'hired', 'closed', 'withdrawn')),
    applied_at    timestamptz NOT NULL,
    ended_at      timestamptz,
    ended_by      uuid,
    ended_reason  text NOT NULL DEFAULT '',
    -- The person stands elsewhere: another application of theirs is the one that the row in people shows.
    aside         boolean NOT NULL DEFAULT false,
    version       int NOT NULL DEFAULT 1
);
CREATE INDEX applications_aside ON applications (job_id) WHERE aside;
CREATE INDEX applications_person ON applications (person_id, applied_at DESC);
CREATE UNIQUE INDEX applications_active_once ON applications (person_id, job_id) WHERE status = 'active';
CREATE INDEX applications_stage ON applications (stage_id, stage_since) WHERE status = 'active';
CREATE INDEX applications_job ON applications (job_id, status);

CREATE TABLE application_moves (
    id             uuid PRIMARY KEY,
    application_id uuid NOT NULL REFERENCES applications (id),
    from_stage     text NOT NULL,
    to_stage       text NOT NULL,
    at             timestamptz NOT NULL,
    moved_by       uuid,
    reason         text NOT NULL DEFAULT ''
);
CREATE INDEX application_moves_application ON application_moves (application_id, at);

-- A required check that was missing when somebody with the right to do so moved the application on all the same.
CREATE TABLE gate_overrides (
    application_id uuid NOT NULL REFERENCES applications (id),
    check_id       text NOT NULL,
    stage_id       text NOT NULL,
    reason         text NOT NULL CONSTRAINT gate_overrides_reason CHECK (reason <> ''),
    overridden_by  uuid NOT NULL,
    overridden_at  timestamptz NOT NULL,
    PRIMARY KEY (application_id, check_id)
);

CREATE TABLE engagements (
    id             uuid PRIMARY KEY,
    person_id      uuid NOT NULL REFERENCES people (id),
    application_id uuid REFERENCES applications (id),
    job_id         uuid REFERENCES jobs (id),
    kind           text NOT NULL CONSTRAINT engagements_kind CHECK (kind IN ('employee', 'contractor', 'vendor')),
    title          text NOT NULL DEFAULT '',
    manager_id     uuid REFERENCES users (id),
    started_on     date NOT NULL,
    ended_on       date,
    device         text NOT NULL DEFAULT '',
    device_serial  text NOT NULL DEFAULT '',
    created_at     timestamptz NOT NULL,
    version        int NOT NULL DEFAULT 1
);
CREATE INDEX engagements_person ON engagements (person_id, started_on DESC);
CREATE INDEX engagements_started ON engagements (started_on DESC, id DESC);

-- The accounts an engagement uses: what a signal names when it does not name the person.
CREATE TABLE engagement_accounts (
    engagement_id uuid NOT NULL REFERENCES engagements (id),
    system        text NOT NULL,
    account       text NOT NULL,
    PRIMARY KEY (engagement_id, system, account)
);
CREATE INDEX engagement_accounts_lookup ON engagement_accounts (lower(account));

-- +goose Down
DROP TABLE engagement_accounts;
DROP TABLE engagements;
DROP TABLE gate_overrides;
DROP TABLE application_moves;
DROP TABLE applications;
DROP TABLE jobs;
