-- +goose Up
-- Whoever escalates somebody on whom a case is open that they do not see opens a case like anybody else: an answer that
-- differed would tell them. So a person can have several open cases, each with its own circle of members.
DROP INDEX cases_one_open;

-- +goose Down
CREATE UNIQUE INDEX cases_one_open ON cases (person_id) WHERE status = 'open';
