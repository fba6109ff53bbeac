-- +goose Up
-- A case may be sealed by its lead: whoever opens it then says why, and shows that it is them.
ALTER TABLE cases
    ADD COLUMN sealed_at timestamptz,
    ADD COLUMN sealed_by uuid REFERENCES users (id);

CREATE TABLE case_openings (
    id        uuid PRIMARY KEY,
    case_id   uuid NOT NULL REFERENCES cases (id),
    user_id   uuid NOT NULL REFERENCES users (id),
    opened_at timestamptz NOT NULL,
    until     timestamptz NOT NULL,
    reason    text NOT NULL
);
CREATE INDEX case_openings_member ON case_openings (case_id, user_id, until DESC);
COMMENT ON TABLE case_openings IS 'Who opened a sealed case, and why. [person: case_id of cases, deleted]';
COMMENT ON COLUMN case_openings.reason IS 'personal: why a case was opened';

-- +goose Down
DROP TABLE case_openings;
ALTER TABLE cases DROP COLUMN sealed_at, DROP COLUMN sealed_by;
