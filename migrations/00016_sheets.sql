-- A sheet is what the page of a case or of a person reads about it, as one document beside the rows it is made of:
-- reading ten short lists costs many times what reading one row does. Whatever changes a row that goes into it takes the
-- document away in the same transaction, whoever writes; the next reader makes it anew. "changed" is the transaction
-- that did so last, by which a reader tells that what it read is still what is there.

-- +goose Up
CREATE TABLE case_sheets (
    case_id uuid NOT NULL PRIMARY KEY REFERENCES cases (id) ON DELETE CASCADE,
    changed xid8 NOT NULL DEFAULT pg_current_xact_id(),
    shape   text NOT NULL DEFAULT '',
    doc     json
);
CREATE TABLE person_sheets (
    person_id uuid NOT NULL PRIMARY KEY REFERENCES people (id) ON DELETE CASCADE,
    changed   xid8 NOT NULL DEFAULT pg_current_xact_id(),
    shape     text NOT NULL DEFAULT '',
    doc       json
);
-- Compressed, a document fits into its row: fetching it from apart costs as much again.
ALTER TABLE case_sheets SET (toast_tuple_target = 4080);
ALTER TABLE person_sheets SET (toast_tuple_target = 4080);
INSERT INTO case_sheets (case_id) SELECT id FROM cases;
INSERT INTO person_sheets (person_id) SELECT id FROM people;

-- +goose StatementBegin
CREATE FUNCTION forget_cases(uuid[]) RETURNS void LANGUAGE sql AS $$
    UPDATE case_sheets SET doc = NULL, changed = pg_current_xact_id()
    WHERE  case_id = ANY ($1) AND (doc IS NOT NULL OR changed <> pg_current_xact_id())
$$;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE FUNCTION forget_people(uuid[]) RETURNS void LANGUAGE sql AS $$
    UPDATE person_sheets SET doc = NULL, changed = pg_current_xact_id()
    WHERE  person_id = ANY ($1) AND (doc IS NOT NULL OR changed <> pg_current_xact_id())
$$;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE FUNCTION new_case_sheet() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO case_sheets (case_id) VALUES (NEW.id);
    RETURN NULL;
END $$;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE FUNCTION new_person_sheet() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO person_sheets (person_id) VALUES (NEW.id);
    RETURN NULL;
END $$;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE FUNCTION forget_case_of_row() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM forget_cases(ARRAY[OLD.case_id, NEW.case_id]);
    RETURN NULL;
END $$;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE FUNCTION forget_person_of_row() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM forget_people(ARRAY[OLD.person_id, NEW.person_id]);
    RETURN NULL;
END $$;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE FUNCTION forget_cases_of_person() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM forget_cases(ARRAY(SELECT id FROM cases WHERE person_id IN (OLD.person_id, NEW.person_id)));
    RETURN NULL;
END $$;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE FUNCTION forget_cases_of_referrer() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM forget_cases(ARRAY(SELECT id FROM cases WHERE person_id IN (OLD.referrer_id, NEW.referrer_id)));
    RETURN NULL;
END $$;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE FUNCTION forget_cases_of_member() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM forget_cases(ARRAY(SELECT case_id FROM case_members WHERE user_id = NEW.id));
    RETURN NULL;
END $$;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE FUNCTION forget_of_application() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM forget_people(ARRAY(SELECT person_id FROM applications WHERE id IN (OLD.application_id, NEW.application_id)));
    RETURN NULL;
END $$;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE FUNCTION forget_of_job() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM forget_people(ARRAY(SELECT person_id FROM applications WHERE job_id = NEW.id));
    RETURN NULL;
END $$;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE FUNCTION forget_of_evidence_link() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    l evidence_links;
BEGIN
    FOREACH l IN ARRAY ARRAY[OLD::evidence_links, NEW::evidence_links] LOOP
        CONTINUE WHEN l.evidence_id IS NULL;
        PERFORM forget_people(ARRAY(SELECT person_id FROM evidence_items WHERE id = l.evidence_id));
        IF l.subject_kind = 'step' THEN
            PERFORM forget_cases(ARRAY[split_part(l.subject_id, '/', 1)::uuid]);
        END IF;
    END LOOP;
    RETURN NULL;
END $$;
-- +goose StatementEnd

CREATE TRIGGER sheet AFTER INSERT ON cases FOR EACH ROW EXECUTE FUNCTION new_case_sheet();
CREATE TRIGGER sheet AFTER INSERT ON people FOR EACH ROW EXECUTE FUNCTION new_person_sheet();

CREATE TRIGGER forget_case AFTER INSERT OR UPDATE OR DELETE ON case_steps FOR EACH ROW EXECUTE FUNCTION forget_case_of_row();
CREATE TRIGGER forget_case AFTER INSERT OR UPDATE OR DELETE ON case_members FOR EACH ROW EXECUTE FUNCTION forget_case_of_row();
CREATE TRIGGER forget_case AFTER INSERT OR UPDATE OR DELETE ON case_notes FOR EACH ROW EXECUTE FUNCTION forget_case_of_row();
CREATE TRIGGER forget_case AFTER INSERT OR UPDATE OR DELETE ON access_grants FOR EACH ROW EXECUTE FUNCTION forget_case_of_row();
CREATE TRIGGER forget_case AFTER INSERT OR UPDATE OR DELETE ON payments FOR EACH ROW EXECUTE FUNCTION forget_case_of_row();
CREATE TRIGGER forget_case AFTER INSERT OR UPDATE OR DELETE ON dossier_entries FOR EACH ROW EXECUTE FUNCTION forget_case_of_row();
CREATE TRIGGER forget_case AFTER INSERT OR UPDATE OR DELETE ON dossier_gaps FOR EACH ROW EXECUTE FUNCTION forget_case_of_row();
CREATE TRIGGER forget_case AFTER INSERT OR UPDATE OR DELETE ON evidence_items FOR EACH ROW EXECUTE FUNCTION forget_case_of_row();
CREATE TRIGGER forget_case AFTER INSERT OR UPDATE OR DELETE ON engagements FOR EACH ROW EXECUTE FUNCTION forget_cases_of_person();
CREATE TRIGGER forget_referred AFTER INSERT ON people FOR EACH ROW WHEN (NEW.referrer_id IS NOT NULL) EXECUTE FUNCTION forget_cases_of_referrer();
CREATE TRIGGER forget_rereferred AFTER UPDATE ON people FOR EACH ROW WHEN (OLD.referrer_id IS DISTINCT FROM NEW.referrer_id) EXECUTE FUNCTION forget_cases_of_referrer();
CREATE TRIGGER forget_member AFTER UPDATE ON users FOR EACH ROW WHEN (OLD.name <> NEW.name OR OLD.email <> NEW.email) EXECUTE FUNCTION forget_cases_of_member();

CREATE TRIGGER forget_person AFTER INSERT OR UPDATE OR DELETE ON outcomes FOR EACH ROW EXECUTE FUNCTION forget_person_of_row();
CREATE TRIGGER forget_person AFTER INSERT OR UPDATE OR DELETE ON assessments FOR EACH ROW EXECUTE FUNCTION forget_person_of_row();
CREATE TRIGGER forget_person AFTER INSERT OR UPDATE OR DELETE ON flags FOR EACH ROW EXECUTE FUNCTION forget_person_of_row();
CREATE TRIGGER forget_person AFTER INSERT OR UPDATE OR DELETE ON claims FOR EACH ROW EXECUTE FUNCTION forget_person_of_row();
CREATE TRIGGER forget_person AFTER INSERT OR DELETE ON interviews FOR EACH ROW EXECUTE FUNCTION forget_person_of_row();
CREATE TRIGGER forget_person AFTER INSERT OR UPDATE OR DELETE ON applications FOR EACH ROW EXECUTE FUNCTION forget_person_of_row();
CREATE TRIGGER forget_person AFTER INSERT OR UPDATE OR DELETE ON evidence_items FOR EACH ROW EXECUTE FUNCTION forget_person_of_row();
CREATE TRIGGER forget_person AFTER INSERT OR UPDATE OR DELETE ON gate_overrides FOR EACH ROW EXECUTE FUNCTION forget_of_application();
CREATE TRIGGER forget_people AFTER UPDATE ON jobs FOR EACH ROW WHEN (OLD.level_id <> NEW.level_id) EXECUTE FUNCTION forget_of_job();
CREATE TRIGGER forget AFTER INSERT OR UPDATE OR DELETE ON evidence_links FOR EACH ROW EXECUTE FUNCTION forget_of_evidence_link();

-- +goose Down
DROP TRIGGER sheet ON cases;
DROP TRIGGER sheet ON people;
DROP TRIGGER forget_case ON case_steps;
DROP TRIGGER forget_case ON case_members;
DROP TRIGGER forget_case ON case_notes;
DROP TRIGGER forget_case ON access_grants;
DROP TRIGGER forget_case ON payments;
DROP TRIGGER forget_case ON dossier_entries;
DROP TRIGGER forget_case ON dossier_gaps;
DROP TRIGGER forget_case ON evidence_items;
DROP TRIGGER forget_case ON engagements;
DROP TRIGGER forget_referred ON people;
DROP TRIGGER forget_rereferred ON people;
DROP TRIGGER forget_member ON users;
DROP TRIGGER forget_person ON outcomes;
DROP TRIGGER forget_person ON assessments;
DROP TRIGGER forget_person ON flags;
DROP TRIGGER forget_person ON claims;
DROP TRIGGER forget_person ON interviews;
DROP TRIGGER forget_person ON applications;
DROP TRIGGER forget_person ON evidence_items;
DROP TRIGGER forget_person ON gate_overrides;
DROP TRIGGER forget_people ON jobs;
DROP TRIGGER forget ON evidence_links;
DROP FUNCTION forget_of_evidence_link, forget_of_job, forget_of_application, forget_cases_of_member, forget_cases_of_referrer,
              forget_cases_of_person, forget_person_of_row, forget_case_of_row, new_person_sheet, new_case_sheet;
DROP FUNCTION forget_people (uuid[]);
DROP FUNCTION forget_cases (uuid[]);
DROP TABLE person_sheets;
DROP TABLE case_sheets;
