-- +goose Up
CREATE TABLE cases (
    id             uuid PRIMARY KEY,
    number         bigint GENERATED ALWAYS AS IDENTITY,
    code_name      text NOT NULL,
    person_id      uuid NOT NULL REFERENCES people (id),
    engagement_id  uuid REFERENCES engagements (id),
    application_id uuid REFERENCES applications (id),
    edition        text NOT NULL,
    status         text NOT NULL DEFAULT 'open' CONSTRAINT cases_status CHECK (status IN ('open', 'closed')),
    phase          text NOT NULL DEFAULT 'triage',
    reason         text NOT NULL,
    -- The flags that led here, as the opener named them.
    flag_ids       uuid[] NOT NULL DEFAULT '{}',
    opened_at      timestamptz NOT NULL,
    opened_by      uuid,
    -- The finding: proposed by one person, agreed by a second.
    outcome        text CONSTRAINT cases_outcome CHECK (outcome IN ('confirmed', 'not-confirmed', 'false-positive')),
    outcome_reason text NOT NULL DEFAULT '',
    decided_by     uuid,
    decided_at     timestamptz,
    agreed_by      uuid,
    agreed_at      timestamptz,
    closed_at      timestamptz,
    closed_by      uuid,
    lessons        text NOT NULL DEFAULT '',
    version        int NOT NULL DEFAULT 1,
    CONSTRAINT cases_second_person CHECK (agreed_by IS NULL OR agreed_by <> decided_by),
    CONSTRAINT cases_closed_with_outcome CHECK (status = 'open' OR (outcome IS NOT NULL AND agreed_by IS NOT NULL))
);
CREATE UNIQUE INDEX cases_code_name ON cases (lower(code_name));
CREATE INDEX cases_person ON cases (person_id);
CREATE INDEX cases_recent ON cases (opened_at DESC, id DESC);
CREATE UNIQUE INDEX cases_one_open ON cases (person_id) WHERE status = 'open';

-- sees: whole, or only the tasks of the member's function (finance, legal called in for a step).
CREATE TABLE case_members (
    case_id    uuid NOT NULL REFERENCES cases (id),
    user_id    uuid NOT NULL REFERENCES users (id),
    function   text NOT NULL CONSTRAINT case_members_function CHECK (function IN (
                   'lead', 'deputy', 'security', 'engineering', 'finance', 'legal', 'hr', 'observer')),
    sees       text NOT NULL DEFAULT 'whole' CONSTRAINT case_members_sees CHECK (sees IN ('whole', 'tasks')),
    added_at   timestamptz NOT NULL,
    added_by   uuid,
    removed_at timestamptz,
    PRIMARY KEY (case_id, user_id)
);
CREATE INDEX case_members_user ON case_members (user_id) WHERE removed_at IS NULL;

CREATE TABLE case_steps (
    case_id         uuid NOT NULL REFERENCES cases (id),
    step_id         text NOT NULL,
    position        int NOT NULL,
    state           text NOT NULL DEFAULT 'open'
                    CONSTRAINT case_steps_state CHECK (state IN ('open', 'done', 'skipped', 'not-applicable')),
    owner_role      text NOT NULL,
    owner_id        uuid REFERENCES users (id),
    due_at          timestamptz NOT NULL,
    done_at         timestamptz,
    done_by         uuid,
    note            text NOT NULL DEFAULT '',
    -- Set when the step was done or skipped although it was locked.
    override_reason text NOT NULL DEFAULT '',
    overridden_by   uuid,
    overridden_at   timestamptz,
    version         int NOT NULL DEFAULT 1,
    PRIMARY KEY (case_id, step_id)
);
CREATE INDEX case_steps_due ON case_steps (due_at) WHERE state = 'open';
CREATE INDEX case_steps_owner ON case_steps (owner_id) WHERE state = 'open';

-- Ticked items of a step's "do" list, by position from 0.
CREATE TABLE case_step_items (
    case_id   uuid NOT NULL,
    step_id   text NOT NULL,
    item      int NOT NULL,
    ticked_at timestamptz NOT NULL,
    ticked_by uuid,
    PRIMARY KEY (case_id, step_id, item),
    FOREIGN KEY (case_id, step_id) REFERENCES case_steps (case_id, step_id)
);

CREATE TABLE case_notes (
    id         uuid PRIMARY KEY,
    case_id    uuid NOT NULL REFERENCES cases (id),
    step_id    text NOT NULL DEFAULT '',
    body       text NOT NULL,
    written_at timestamptz NOT NULL,
    written_by uuid
);
CREATE INDEX case_notes_case ON case_notes (case_id, written_at DESC, id DESC);

-- Written by the system with every change to the case; kind is the audit action.
CREATE TABLE case_timeline (
    id          uuid PRIMARY KEY,
    case_id     uuid NOT NULL REFERENCES cases (id),
    at          timestamptz NOT NULL,
    actor_id    uuid,
    kind        text NOT NULL,
    text        text NOT NULL,
    step_id     text NOT NULL DEFAULT '',
    evidence_id uuid
);
CREATE INDEX case_timeline_case ON case_timeline (case_id, at DESC, id DESC);

CREATE TABLE dossier_entries (
    id          uuid PRIMARY KEY,
    case_id     uuid NOT NULL REFERENCES cases (id),
    field_id    text NOT NULL,
    value       text NOT NULL DEFAULT '',
    evidence_id uuid REFERENCES evidence_items (id),
    source      text NOT NULL DEFAULT '',
    added_at    timestamptz NOT NULL,
    added_by    uuid,
    removed_at  timestamptz,
    removed_by  uuid
);
CREATE INDEX dossier_entries_case ON dossier_entries (case_id, field_id);

-- Why a field stays empty. An explained gap no longer blocks the exit.
CREATE TABLE dossier_gaps (
    case_id      uuid NOT NULL REFERENCES cases (id),
    field_id     text NOT NULL,
    reason       text NOT NULL CONSTRAINT dossier_gaps_reason CHECK (reason <> ''),
    explained_at timestamptz NOT NULL,
    explained_by uuid,
    PRIMARY KEY (case_id, field_id)
);

-- What the person can reach. Taken away by one person, attested by another.
CREATE TABLE access_grants (
    id          uuid PRIMARY KEY,
    person_id   uuid NOT NULL REFERENCES people (id),
    case_id     uuid REFERENCES cases (id),
    system      text NOT NULL,
    level       text NOT NULL DEFAULT '',
    account     text NOT NULL DEFAULT '',
    granted_on  date,
    note        text NOT NULL DEFAULT '',
    listed_at   timestamptz NOT NULL,
    listed_by   uuid,
    revoked_at  timestamptz,
    revoked_by  uuid,
    attested_at timestamptz,
    attested_by uuid,
    -- Given back after the person was cleared; the revocation stays on record.
    restored_at timestamptz,
    restored_by uuid,
    version     int NOT NULL DEFAULT 1,
    CONSTRAINT access_grants_order CHECK (attested_at IS NULL OR revoked_at IS NOT NULL),
    CONSTRAINT access_grants_restored CHECK (restored_at IS NULL OR revoked_at IS NOT NULL),
    CONSTRAINT access_grants_second_person CHECK (attested_by IS NULL OR attested_by <> revoked_by)
);
CREATE INDEX access_grants_case ON access_grants (case_id, listed_at);
CREATE INDEX access_grants_person ON access_grants (person_id);

-- Money sent or about to be sent. Amount in the currency's own units with two decimals or more.
CREATE TABLE payments (
    id          uuid PRIMARY KEY,
    person_id   uuid NOT NULL REFERENCES people (id),
    case_id     uuid REFERENCES cases (id),
    pay_on      date NOT NULL,
    amount      numeric(20, 8) NOT NULL CONSTRAINT payments_amount CHECK (amount > 0),
    currency    text NOT NULL,
    method      text NOT NULL,
    destination text NOT NULL DEFAULT '',
    state       text NOT NULL CONSTRAINT payments_state CHECK (state IN ('planned', 'stopped', 'paid', 'recalled', 'returned')),
    note        text NOT NULL DEFAULT '',
    -- Why a planned payment is let go ahead: it then no longer keeps the step "stop payments" open.
    explanation text NOT NULL DEFAULT '',
    recorded_at timestamptz NOT NULL,
    recorded_by uuid,
    version     int NOT NULL DEFAULT 1
);
CREATE INDEX payments_case ON payments (case_id, pay_on DESC, id DESC);
CREATE INDEX payments_person ON payments (person_id);

ALTER TABLE evidence_items ADD CONSTRAINT evidence_items_of_case FOREIGN KEY (case_id) REFERENCES cases (id);

-- +goose Down
ALTER TABLE evidence_items DROP CONSTRAINT evidence_items_of_case;
DROP TABLE payments;
DROP TABLE access_grants;
DROP TABLE dossier_gaps;
DROP TABLE dossier_entries;
DROP TABLE case_timeline;
DROP TABLE case_notes;
DROP TABLE case_step_items;
DROP TABLE case_steps;
DROP TABLE case_members;
DROP TABLE cases;
