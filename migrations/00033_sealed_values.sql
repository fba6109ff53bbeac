-- +goose Up
-- The most sensitive values lie encrypted under the data key of the person they belong to: what is said of a payment, where money
-- went, and what the catalogue marks as special in a dossier. match_key is then a keyed hash, by which equal ones are found.
-- What was written before is encrypted by the next start of the server, which has the keys.
ALTER TABLE claims ADD COLUMN sealed bytea;
COMMENT ON COLUMN claims.sealed IS 'personal: what the person says of a payment, encrypted under their data key';
ALTER TABLE claims ADD CONSTRAINT claims_payment_sealed CHECK (kind <> 'payment' OR value = '') NOT VALID;

ALTER TABLE payments ADD COLUMN destination_sealed bytea;
COMMENT ON COLUMN payments.destination_sealed IS 'personal: account, wallet or platform, encrypted under the data key of the person';
ALTER TABLE payments ADD COLUMN match_key text NOT NULL DEFAULT '';
COMMENT ON COLUMN payments.match_key IS 'personal: keyed hash of the account or wallet';
ALTER TABLE payments ADD CONSTRAINT payments_destination_sealed CHECK (destination = '') NOT VALID;
CREATE INDEX payments_match ON payments (match_key) WHERE match_key <> '';

ALTER TABLE dossier_entries ADD COLUMN sealed bytea;
COMMENT ON COLUMN dossier_entries.sealed IS 'personal: the value of a special field, encrypted under the data key of the subject';
ALTER TABLE dossier_entries ADD COLUMN match_key text NOT NULL DEFAULT '';
COMMENT ON COLUMN dossier_entries.match_key IS 'personal: keyed hash of a special value that may link people';
ALTER TABLE dossier_entries ADD CONSTRAINT dossier_entries_sealed CHECK (sealed IS NULL OR value = '');
CREATE INDEX dossier_entries_match ON dossier_entries (match_key) WHERE match_key <> '' AND removed_at IS NULL;

-- +goose Down
-- What is encrypted cannot be read by SQL: going back loses it.
ALTER TABLE dossier_entries DROP COLUMN match_key, DROP COLUMN sealed;
ALTER TABLE payments DROP CONSTRAINT payments_destination_sealed, DROP COLUMN match_key, DROP COLUMN destination_sealed;
ALTER TABLE claims DROP CONSTRAINT claims_payment_sealed, DROP COLUMN sealed;
