-- +goose Up
-- Passkeys (WebAuthn) that people prove themselves with beside a password.
CREATE TABLE passkeys (
    id            uuid PRIMARY KEY,
    user_id       uuid NOT NULL REFERENCES users (id),
    name          text NOT NULL,
    -- What the authenticator names the key pair by.
    credential_id bytea NOT NULL,
    -- The public key and its counter, encrypted under a key of the installation and bound to the row: whoever writes to the
    -- database alone cannot put a key of their own in.
    credential    bytea NOT NULL,
    created_at    timestamptz NOT NULL,
    last_used_at  timestamptz
);
CREATE UNIQUE INDEX passkeys_credential ON passkeys (credential_id);
CREATE INDEX passkeys_user ON passkeys (user_id);

-- +goose Down
DROP TABLE passkeys;
