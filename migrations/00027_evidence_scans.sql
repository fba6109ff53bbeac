-- +goose Up
-- When the content of an item was last read through in the background, and what came of it. It lies beside the items, which
-- never change.
CREATE TABLE evidence_scans (
    evidence_id uuid PRIMARY KEY REFERENCES evidence_items (id),
    at          timestamptz NOT NULL,
    result      text NOT NULL CONSTRAINT evidence_scans_result CHECK (result IN ('intact', 'altered', 'unread'))
);
CREATE INDEX evidence_scans_at ON evidence_scans (at);
CREATE INDEX evidence_scans_altered ON evidence_scans (evidence_id) WHERE result = 'altered';

-- +goose Down
DROP TABLE evidence_scans;
