-- +goose Up
-- The hashes of the log's tree, as they were added: a run of many in a row costs a fraction of a row for each.
CREATE TABLE audit_hash_runs (
    idx    bigint PRIMARY KEY CONSTRAINT audit_hash_runs_idx CHECK (idx >= 0), -- the place of the first
    hashes bytea NOT NULL CONSTRAINT audit_hash_runs_size CHECK (octet_length(hashes) > 0 AND octet_length(hashes) % 32 = 0)
);
-- Hashes do not get smaller, and one of them is read without the rest.
ALTER TABLE audit_hash_runs ALTER COLUMN hashes SET STORAGE EXTERNAL;
INSERT INTO audit_hash_runs (idx, hashes)
SELECT min(idx), string_agg(hash, ''::bytea ORDER BY idx) FROM audit_hashes GROUP BY idx / 2048;
DROP TABLE audit_hashes;
CREATE TRIGGER audit_hash_runs_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_hash_runs
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
-- A leaf is made from its entry in one transaction and no entry is ever deleted: checking each again took a third of the time.
ALTER TABLE audit_leaves DROP CONSTRAINT audit_leaves_entry_id_fkey;

-- +goose Down
ALTER TABLE audit_leaves ADD CONSTRAINT audit_leaves_entry_id_fkey FOREIGN KEY (entry_id) REFERENCES audit_entries (id);
CREATE TABLE audit_hashes (
    idx  bigint PRIMARY KEY CONSTRAINT audit_hashes_idx CHECK (idx >= 0),
    hash bytea NOT NULL CONSTRAINT audit_hashes_size CHECK (octet_length(hash) = 32)
);
INSERT INTO audit_hashes (idx, hash)
SELECT r.idx + n, substr(r.hashes, (n * 32 + 1)::int, 32)
FROM   audit_hash_runs r, generate_series(0, octet_length(r.hashes) / 32 - 1) AS n;
DROP TABLE audit_hash_runs;
CREATE TRIGGER audit_hashes_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_hashes
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
