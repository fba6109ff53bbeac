-- +goose Up
-- How often something was tried of late, for limits that hold whichever process is asked. Keys are hashes under a key that
-- the database does not hold. Nothing is lost that matters when a crash or a failover empties the table.
CREATE UNLOGGED TABLE tries (
    key     bytea PRIMARY KEY,
    full_at timestamptz NOT NULL
);
COMMENT ON TABLE tries IS 'How often something was tried of late, and when each key has all of its tries back.';
COMMENT ON COLUMN tries.key IS 'secret: keyed hash of an address, an account or a browser';
CREATE INDEX tries_full ON tries (full_at);

-- +goose Down
DROP TABLE tries;
