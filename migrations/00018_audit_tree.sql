-- The log's proof: every entry becomes a leaf of a Merkle tree (RFC 6962), in background and behind the writes. Hashes lie by
-- the place that each has in an append-only tree; a checkpoint signs the root over the leaves up to a size.

-- +goose Up
CREATE TABLE audit_leaves (
    idx      bigint PRIMARY KEY CONSTRAINT audit_leaves_idx CHECK (idx >= 0),
    entry_id uuid NOT NULL CONSTRAINT audit_leaves_entry UNIQUE REFERENCES audit_entries (id)
);
CREATE TABLE audit_hashes (
    idx  bigint PRIMARY KEY CONSTRAINT audit_hashes_idx CHECK (idx >= 0),
    hash bytea NOT NULL CONSTRAINT audit_hashes_size CHECK (octet_length(hash) = 32)
);
CREATE TABLE audit_checkpoints (
    size bigint PRIMARY KEY,
    root bytea NOT NULL,
    note text NOT NULL,
    -- the greatest id of an entry up to here; later ones with a smaller id are looked for apart
    upto uuid NOT NULL,
    at   timestamptz NOT NULL
);
CREATE TRIGGER audit_leaves_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_leaves
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_hashes_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_hashes
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_checkpoints_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_checkpoints
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- +goose Down
DROP TABLE audit_checkpoints;
DROP TABLE audit_hashes;
DROP TABLE audit_leaves;
