-- +goose Up
-- Links by which somebody chooses a password: once, within some days. A link is known by the SHA-256 of its secret.
CREATE TABLE user_links (
    secret_hash bytea PRIMARY KEY,
    user_id     uuid NOT NULL REFERENCES users (id),
    created_at  timestamptz NOT NULL,
    expires_at  timestamptz NOT NULL
);
CREATE INDEX user_links_user ON user_links (user_id);
-- Whoever was invited has no password until they choose one.
ALTER TABLE users ALTER COLUMN password_hash DROP NOT NULL;

-- +goose Down
UPDATE users SET password_hash = '' WHERE password_hash IS NULL;
ALTER TABLE users ALTER COLUMN password_hash SET NOT NULL;
DROP TABLE user_links;
