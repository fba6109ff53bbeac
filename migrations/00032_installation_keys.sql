-- +goose Up
-- The keys of the installation, wrapped by the root key, which is not in the database. The newest that is in use seals what is
-- new; each opens what it sealed; from the first derive, for ever, keyed hashes and the signature of the audit log.
CREATE TABLE installation_keys (
    generation int PRIMARY KEY CONSTRAINT installation_keys_generation CHECK (generation > 0),
    key_id     text NOT NULL UNIQUE,
    -- Which root key wrapped it, for messages.
    root_id    text NOT NULL,
    wrapped    bytea NOT NULL,
    made_at    timestamptz NOT NULL,
    -- From when it seals: until then running servers get to know it.
    seals_from timestamptz NOT NULL,
    -- When all that older generations had sealed was moved under it; NULL while that goes on.
    rotated_at timestamptz,
    -- When nothing needed it any more. It still opens what turns up late.
    retired_at timestamptz,
    CONSTRAINT installation_keys_first CHECK (generation > 1 OR retired_at IS NULL)
);

COMMENT ON TABLE installation_keys IS 'The keys of the installation, wrapped by the root key.';
COMMENT ON COLUMN installation_keys.key_id IS 'facts';
COMMENT ON COLUMN installation_keys.root_id IS 'facts';
COMMENT ON COLUMN installation_keys.wrapped IS 'secret: key of the installation, wrapped';

-- +goose Down
DROP TABLE installation_keys;
