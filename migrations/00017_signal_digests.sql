-- A sender that got no answer sends the same request again. What it said is known by its digest then, instead of looking up
-- ten thousand lines. Only large requests that were taken whole have one.

-- +goose Up
ALTER TABLE signal_batches ADD COLUMN digest bytea;
CREATE INDEX signal_batches_digest ON signal_batches (digest, token_id) WHERE digest IS NOT NULL;

-- +goose Down
DROP INDEX signal_batches_digest;
ALTER TABLE signal_batches DROP COLUMN digest;
