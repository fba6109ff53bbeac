-- +goose Up
-- Who somebody is to an OpenID Connect provider. The provider's subject is the link, never an address.
CREATE TABLE user_identities (
    issuer    text NOT NULL,
    subject   text NOT NULL,
    user_id   uuid NOT NULL REFERENCES users (id),
    -- Their roles are those of their groups at each sign-in.
    follows   boolean NOT NULL,
    linked_at timestamptz NOT NULL,
    PRIMARY KEY (issuer, subject)
);
CREATE UNIQUE INDEX user_identities_user ON user_identities (user_id, issuer);
COMMENT ON COLUMN user_identities.subject IS 'staff: the name by which a sign-in provider knows somebody';

-- What a browser was sent to the provider with, until it comes back: once, within minutes. The state and the browser's secret are
-- known by their SHA-256; the rest is encrypted under a key of the installation, bound to the row.
CREATE TABLE sso_flows (
    state_hash   bytea PRIMARY KEY,
    browser_hash bytea NOT NULL,
    sealed       bytea NOT NULL,
    expires_at   timestamptz NOT NULL
);
CREATE INDEX sso_flows_expiry ON sso_flows (expires_at);
COMMENT ON COLUMN sso_flows.sealed IS 'secret: a form that waits for its sender to show who they are, encrypted';

-- Logout tokens that were taken, for as long as they could be sent again.
CREATE TABLE sso_logouts (
    issuer     text NOT NULL,
    token_id   text NOT NULL,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (issuer, token_id)
);

-- The one row of rules about signing in by a provider. Every default is the careful one.
CREATE TABLE sso_rules (
    single       boolean PRIMARY KEY DEFAULT true CONSTRAINT sso_rules_single CHECK (single),
    default_role text,
    creates      boolean NOT NULL DEFAULT false,
    links        boolean NOT NULL DEFAULT false,
    factor       text NOT NULL DEFAULT 'ours' CONSTRAINT sso_rules_factor CHECK (factor IN ('ours', 'shown', 'theirs')),
    acr          text NOT NULL DEFAULT '',
    -- Passwords open nothing but the break-glass account.
    passwords    boolean NOT NULL DEFAULT true,
    break_glass  uuid REFERENCES users (id),
    version      int NOT NULL DEFAULT 1,
    CONSTRAINT sso_rules_break_glass CHECK (passwords OR break_glass IS NOT NULL)
);
INSERT INTO sso_rules DEFAULT VALUES;

-- The roles that a provider's group stands for.
CREATE TABLE sso_groups (
    name text NOT NULL,
    role text NOT NULL,
    PRIMARY KEY (name, role)
);

-- A session that a provider began: whose it is there, and the token that ends it there, encrypted under a key of the installation.
-- provider_factor: the provider asked for a second factor, and that counts.
ALTER TABLE sessions ADD COLUMN issuer text;
ALTER TABLE sessions ADD COLUMN subject text;
ALTER TABLE sessions ADD COLUMN provider_session text;
ALTER TABLE sessions ADD COLUMN id_token bytea;
ALTER TABLE sessions ADD COLUMN provider_factor boolean NOT NULL DEFAULT false;
CREATE INDEX sessions_provider ON sessions (issuer, subject) WHERE issuer IS NOT NULL;
COMMENT ON COLUMN sessions.subject IS 'staff: the name by which a sign-in provider knows somebody';
COMMENT ON COLUMN sessions.id_token IS 'secret: what a sign-in provider says of somebody, encrypted';

COMMENT ON TABLE user_identities IS 'By which name a sign-in provider knows a user.';
COMMENT ON COLUMN user_identities.issuer IS 'facts';
COMMENT ON TABLE sso_flows IS 'Sign-ins by a provider that are under way.';
COMMENT ON COLUMN sso_flows.state_hash IS 'secret: of the way there and back';
COMMENT ON COLUMN sso_flows.browser_hash IS 'secret: of the browser';
COMMENT ON TABLE sso_logouts IS 'Logout tokens that were taken.';
COMMENT ON COLUMN sso_logouts.issuer IS 'facts';
COMMENT ON COLUMN sso_logouts.token_id IS 'facts';
COMMENT ON TABLE sso_rules IS 'Rules about signing in by a provider.';
COMMENT ON COLUMN sso_rules.default_role IS 'facts';
COMMENT ON COLUMN sso_rules.factor IS 'facts';
COMMENT ON COLUMN sso_rules.acr IS 'facts';
COMMENT ON TABLE sso_groups IS 'Roles by group of the provider.';
COMMENT ON COLUMN sso_groups.name IS 'facts';
COMMENT ON COLUMN sso_groups.role IS 'facts';
COMMENT ON COLUMN sessions.issuer IS 'facts';
COMMENT ON COLUMN sessions.provider_session IS 'secret: session at the provider';

-- +goose Down
DELETE FROM sessions WHERE issuer IS NOT NULL;
ALTER TABLE sessions DROP COLUMN provider_factor;
ALTER TABLE sessions DROP COLUMN id_token;
ALTER TABLE sessions DROP COLUMN provider_session;
ALTER TABLE sessions DROP COLUMN subject;
ALTER TABLE sessions DROP COLUMN issuer;
DROP TABLE sso_groups;
DROP TABLE sso_rules;
DROP TABLE sso_logouts;
DROP TABLE sso_flows;
DROP TABLE user_identities;
