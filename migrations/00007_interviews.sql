-- +goose Up
CREATE TABLE interviews (
    id             uuid PRIMARY KEY,
    application_id uuid NOT NULL REFERENCES applications (id),
    person_id      uuid NOT NULL REFERENCES people (id),
    job_id         uuid NOT NULL REFERENCES jobs (id),
    stage_id       text NOT NULL,
    edition        text NOT NULL,
    kit            text[] NOT NULL,
    starts_at      timestamptz NOT NULL,
    minutes        int NOT NULL DEFAULT 45,
    place          text NOT NULL DEFAULT '',
    status         text NOT NULL DEFAULT 'scheduled'
                   CONSTRAINT interviews_status CHECK (status IN ('scheduled', 'done', 'cancelled')),
    created_at     timestamptz NOT NULL,
    created_by     uuid,
    cancelled_at   timestamptz,
    cancelled_by   uuid,
    cancel_reason  text NOT NULL DEFAULT '',
    version        int NOT NULL DEFAULT 1,
    CONSTRAINT interviews_minutes CHECK (minutes BETWEEN 5 AND 480),
    CONSTRAINT interviews_kit CHECK (cardinality(kit) > 0),
    CONSTRAINT interviews_cancelled CHECK ((status = 'cancelled') = (cancelled_at IS NOT NULL))
);
CREATE INDEX interviews_application ON interviews (application_id, starts_at);
CREATE INDEX interviews_person ON interviews (person_id, starts_at DESC);
CREATE INDEX interviews_starts ON interviews (starts_at DESC, id DESC);

CREATE TABLE interviewers (
    interview_id uuid NOT NULL REFERENCES interviews (id),
    user_id      uuid NOT NULL REFERENCES users (id),
    submitted_at timestamptz,
    PRIMARY KEY (interview_id, user_id)
);
CREATE INDEX interviewers_owed ON interviewers (user_id, interview_id) WHERE submitted_at IS NULL;
CREATE INDEX interviewers_user ON interviewers (user_id);

-- Drafts: one row per interviewer and check. revision lets two open pages of the same person notice each other.
-- An empty verdict is a note on a check that is not answered yet.
CREATE TABLE answers (
    interview_id uuid NOT NULL,
    user_id      uuid NOT NULL,
    check_id     text NOT NULL,
    verdict      text NOT NULL CONSTRAINT answers_verdict CHECK (verdict IN ('', 'clear', 'concern', 'red-flag', 'not-done')),
    note         text NOT NULL DEFAULT '',
    revision     int NOT NULL DEFAULT 1,
    answered_at  timestamptz NOT NULL,
    PRIMARY KEY (interview_id, user_id, check_id),
    FOREIGN KEY (interview_id, user_id) REFERENCES interviewers (interview_id, user_id)
);

-- A submitted scorecard is immutable; amending adds the next number. answers holds verdicts and evidence ids only.
CREATE TABLE scorecards (
    id           uuid PRIMARY KEY,
    interview_id uuid NOT NULL,
    user_id      uuid NOT NULL,
    number       int NOT NULL CONSTRAINT scorecards_from_one CHECK (number >= 1),
    answers      jsonb NOT NULL,
    submitted_at timestamptz NOT NULL,
    FOREIGN KEY (interview_id, user_id) REFERENCES interviewers (interview_id, user_id)
);
CREATE UNIQUE INDEX scorecards_number ON scorecards (interview_id, user_id, number);
CREATE TRIGGER scorecards_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON scorecards
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- What a scorecard says in words (a note per check, 'summary', 'reason'): written once, and erasable, because people
-- write personal data into notes. The verdicts stay.
CREATE TABLE scorecard_words (
    scorecard_id uuid NOT NULL REFERENCES scorecards (id),
    field        text NOT NULL,
    words        text NOT NULL,
    person_id    uuid NOT NULL REFERENCES people (id),
    PRIMARY KEY (scorecard_id, field)
);
CREATE INDEX scorecard_words_person ON scorecard_words (person_id);
CREATE TRIGGER scorecard_words_no_rewrite BEFORE UPDATE ON scorecard_words
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- +goose Down
DROP TABLE scorecard_words;
DROP TABLE scorecards;
DROP TABLE answers;
DROP TABLE interviewers;
DROP TABLE interviews;
