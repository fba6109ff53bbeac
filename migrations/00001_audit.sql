-- +goose Up
-- The audit log. An entry holds ids and facts that are not personal; what is personal lies in
-- audit_values and is represented in the entry by a salted commitment, so that erasing a value
-- leaves every entry, and every proof over it, as it was.
CREATE EXTENSION IF NOT EXISTS pg_trgm;

CREATE TABLE audit_entries (
    id           uuid PRIMARY KEY,
    at           timestamptz NOT NULL,
    actor_kind   text NOT NULL CONSTRAINT audit_entries_actor_kind CHECK (actor_kind IN ('user', 'token', 'system')),
    actor_id     uuid,
    actor_label  text NOT NULL DEFAULT '',
    action       text NOT NULL,
    subject_kind text NOT NULL,
    subject_id   text NOT NULL,
    person_id    uuid,
    case_id      uuid,
    detail       jsonb NOT NULL DEFAULT '{}',
    commitments  jsonb NOT NULL DEFAULT '{}'
);
CREATE INDEX audit_entries_subject ON audit_entries (subject_kind, subject_id, id DESC);
CREATE INDEX audit_entries_person ON audit_entries (person_id, id DESC) WHERE person_id IS NOT NULL;
CREATE INDEX audit_entries_case ON audit_entries (case_id, id DESC) WHERE case_id IS NOT NULL;
CREATE INDEX audit_entries_actor ON audit_entries (actor_id, id DESC) WHERE actor_id IS NOT NULL;

-- commitment = sha256(salt || canonical JSON of {"field","old","new"}); old and new are null when absent.
CREATE TABLE audit_values (
    entry_id  uuid NOT NULL REFERENCES audit_entries (id),
    field     text NOT NULL,
    salt      bytea NOT NULL,
    old       text,
    new       text,
    person_id uuid,
    PRIMARY KEY (entry_id, field)
);
CREATE INDEX audit_values_person ON audit_values (person_id) WHERE person_id IS NOT NULL;

-- +goose StatementBegin
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
END $$;
-- +goose StatementEnd
CREATE TRIGGER audit_entries_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_entries
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
-- Values may be erased, never rewritten.
CREATE TRIGGER audit_values_no_rewrite BEFORE UPDATE ON audit_values
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- +goose Down
DROP TABLE audit_values;
DROP TABLE audit_entries;
DROP FUNCTION refuse_change();
