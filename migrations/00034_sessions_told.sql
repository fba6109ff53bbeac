-- +goose Up
-- Each process remembers sessions for a moment. What ends one, or changes what its user may do or has to prove, is told to
-- all of them, whoever changes it. That somebody was seen is not.
-- +goose StatementBegin
CREATE FUNCTION sessions_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('gatehouse_sessions', '');
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER sessions_told AFTER DELETE OR UPDATE OF token_hash, expires_at, proved_at, factor_at ON sessions
    FOR EACH STATEMENT EXECUTE FUNCTION sessions_changed();
CREATE TRIGGER users_told AFTER UPDATE OR DELETE ON users FOR EACH STATEMENT EXECUTE FUNCTION sessions_changed();
CREATE TRIGGER authenticators_told AFTER INSERT OR UPDATE OF confirmed_at OR DELETE ON authenticators
    FOR EACH STATEMENT EXECUTE FUNCTION sessions_changed();
CREATE TRIGGER passkeys_told AFTER INSERT OR DELETE ON passkeys FOR EACH STATEMENT EXECUTE FUNCTION sessions_changed();
CREATE TRIGGER factor_roles_told AFTER INSERT OR UPDATE OR DELETE ON factor_roles
    FOR EACH STATEMENT EXECUTE FUNCTION sessions_changed();
CREATE TRIGGER sso_rules_told AFTER UPDATE ON sso_rules FOR EACH STATEMENT EXECUTE FUNCTION sessions_changed();

-- +goose Down
DROP TRIGGER sso_rules_told ON sso_rules;
DROP TRIGGER sessions_told ON sessions;
DROP TRIGGER users_told ON users;
DROP TRIGGER authenticators_told ON authenticators;
DROP TRIGGER passkeys_told ON passkeys;
DROP TRIGGER factor_roles_told ON factor_roles;
DROP FUNCTION sessions_changed();
