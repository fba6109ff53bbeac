-- The page of a case reads all its steps: what is ticked of their lists stands in their own rows, as bits. Who ticked
-- what and when is in the audit log, as before. What is attached to steps is found by one range, "<case>/" up to
-- "<case>0": whatever the statistics say, never by reading the attachments of all cases.

-- +goose Up
ALTER TABLE case_steps ADD COLUMN ticked bigint NOT NULL DEFAULT 0;
UPDATE case_steps s SET ticked = t.bits
FROM  (SELECT case_id, step_id, bit_or(1::bigint << item) AS bits FROM case_step_items GROUP BY case_id, step_id) t
WHERE  t.case_id = s.case_id AND t.step_id = s.step_id;
DROP TABLE case_step_items;
-- What is open and late is counted from this index alone.
CREATE INDEX case_steps_open ON case_steps (case_id, due_at) INCLUDE (step_id, owner_role, owner_id) WHERE state = 'open';
CREATE INDEX evidence_links_steps ON evidence_links (subject_id COLLATE "C") WHERE subject_kind = 'step';

-- +goose Down
DROP INDEX case_steps_open;
DROP INDEX evidence_links_steps;
CREATE TABLE case_step_items (
    case_id   uuid NOT NULL,
    step_id   text NOT NULL,
    item      int NOT NULL,
    ticked_at timestamptz NOT NULL,
    ticked_by uuid,
    PRIMARY KEY (case_id, step_id, item),
    FOREIGN KEY (case_id, step_id) REFERENCES case_steps (case_id, step_id)
);
INSERT INTO case_step_items (case_id, step_id, item, ticked_at)
SELECT s.case_id, s.step_id, item, now()
FROM   case_steps s, generate_series(0, 62) item
WHERE  s.ticked >> item & 1 = 1;
ALTER TABLE case_steps DROP COLUMN ticked;
