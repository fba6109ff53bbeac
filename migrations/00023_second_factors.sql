-- +goose Up
-- What people prove themselves with beside a password: an authenticator (RFC 6238) and single-use recovery codes.
CREATE TABLE authenticators (
    user_id      uuid PRIMARY KEY REFERENCES users (id),
    -- Encrypted under a key of the installation, bound to the user.
    secret       bytea NOT NULL,
    created_at   timestamptz NOT NULL,
    -- NULL until a first code has shown that the secret arrived.
    confirmed_at timestamptz,
    -- The time step of the last code that counted: no code counts twice.
    last_step    bigint NOT NULL DEFAULT 0
);

-- A code is known by a hash under a key of the installation. Used ones are deleted.
CREATE TABLE recovery_codes (
    user_id   uuid NOT NULL REFERENCES users (id),
    code_hash bytea NOT NULL,
    PRIMARY KEY (user_id, code_hash)
);

-- The roles whose holders must have a second factor.
CREATE TABLE factor_roles (
    role text PRIMARY KEY
);

-- proved_at: when whoever sits there last gave a password or code. factor_at: when they last gave a second factor, NULL for
-- never in this session. wrong_codes: how often they failed since.
-- A server of the version before may still begin sessions beside this.
ALTER TABLE sessions ADD COLUMN proved_at timestamptz NOT NULL DEFAULT now();
UPDATE sessions SET proved_at = created_at;
ALTER TABLE sessions ADD COLUMN factor_at timestamptz;
ALTER TABLE sessions ADD COLUMN wrong_codes int NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE sessions DROP COLUMN wrong_codes;
ALTER TABLE sessions DROP COLUMN factor_at;
ALTER TABLE sessions DROP COLUMN proved_at;
DROP TABLE factor_roles;
DROP TABLE recovery_codes;
DROP TABLE authenticators;
