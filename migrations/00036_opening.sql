-- +goose Up
-- From which sensitivity on whoever opens what an item of evidence holds has to say why.
CREATE TABLE opening_policy (
    one         boolean PRIMARY KEY DEFAULT true CONSTRAINT opening_policy_one CHECK (one),
    reason_from text NOT NULL DEFAULT 'special'
        CONSTRAINT opening_policy_reason_from CHECK (reason_from IN ('normal', 'personal', 'special', 'never')),
    version     integer NOT NULL DEFAULT 1
);
INSERT INTO opening_policy DEFAULT VALUES;
COMMENT ON TABLE opening_policy IS 'Where opening evidence asks for a reason.';
COMMENT ON COLUMN opening_policy.reason_from IS 'facts';

-- Why somebody opened an item. It lies apart from the custody event, which nothing may change, since people write names into
-- reasons and those go with the person.
CREATE TABLE opening_reasons (
    event_id  uuid PRIMARY KEY REFERENCES custody_events (id),
    person_id uuid NOT NULL REFERENCES people (id),
    reason    text NOT NULL
);
CREATE INDEX opening_reasons_person ON opening_reasons (person_id);
COMMENT ON TABLE opening_reasons IS 'Why evidence was opened. [person: person_id, deleted]';
COMMENT ON COLUMN opening_reasons.reason IS 'personal: why evidence was opened';

-- +goose Down
DROP TABLE opening_reasons, opening_policy;
