-- +goose Up
-- People who use Gatehouse, their login sessions, and tokens for machines.
CREATE TABLE users (
    id            uuid PRIMARY KEY,
    email         text NOT NULL,
    name          text NOT NULL,
    password_hash text NOT NULL,
    roles         text[] NOT NULL,
    time_zone     text NOT NULL DEFAULT 'UTC',
    -- The human record of the same person, if there is one: whoever is the subject of a case is walled off from it.
    person_id     uuid,
    created_at    timestamptz NOT NULL,
    disabled_at   timestamptz,
    version       int NOT NULL DEFAULT 1,
    CONSTRAINT users_roles CHECK (cardinality(roles) > 0)
);
CREATE UNIQUE INDEX users_email ON users (lower(email));

-- A session is known by the SHA-256 of its cookie's token: reading this table signs nobody in.
CREATE TABLE sessions (
    token_hash   bytea PRIMARY KEY,
    user_id      uuid NOT NULL REFERENCES users (id),
    data         jsonb NOT NULL DEFAULT '{}',
    created_at   timestamptz NOT NULL,
    last_seen_at timestamptz NOT NULL,
    expires_at   timestamptz NOT NULL,
    ip           text NOT NULL DEFAULT '',
    user_agent   text NOT NULL DEFAULT ''
);
CREATE INDEX sessions_user ON sessions (user_id);
CREATE INDEX sessions_expiry ON sessions (expires_at);

CREATE TABLE api_tokens (
    id           uuid PRIMARY KEY,
    name         text NOT NULL,
    token_hash   bytea NOT NULL,
    scopes       text[] NOT NULL,
    created_by   uuid REFERENCES users (id),
    created_at   timestamptz NOT NULL,
    expires_at   timestamptz,
    last_used_at timestamptz,
    revoked_at   timestamptz,
    CONSTRAINT api_tokens_scopes CHECK (cardinality(scopes) > 0)
);
CREATE UNIQUE INDEX api_tokens_hash ON api_tokens (token_hash);

-- +goose Down
DROP TABLE api_tokens;
DROP TABLE sessions;
DROP TABLE users;
