-- +goose Up
-- How often something was tried of late, for limits that hold whichever process is asked. Keys are hashes under a key that
-- the database does not hold. Nothing is lost that matters when a crash or a failover empties the table.
CREATE UNLOGGED TABLE tries (
    key     bytea PRIMARY KEY,
    full_at timestamptz NOT NULL
);
COMMENT ON COLUMN tries.full_at IS 'when the key has all of its tries back';
CREATE INDEX tries_full ON tries (full_at);

-- +goose Down
DROP TABLE tries;
