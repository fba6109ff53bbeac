-- +goose Up
-- Evidence items are never changed; each touch is a custody event. Content is encrypted under the person's key:
-- files in the blob store, links and texts in body.
CREATE TABLE evidence_items (
    id            uuid PRIMARY KEY,
    person_id     uuid NOT NULL REFERENCES people (id),
    -- Set for an item collected inside a case: only its members see it.
    case_id       uuid,
    form          text NOT NULL CONSTRAINT evidence_items_form CHECK (form IN ('file', 'link', 'text')),
    kind          text NOT NULL,
    title         text NOT NULL,
    source        text NOT NULL DEFAULT '',
    sensitivity   text NOT NULL DEFAULT 'personal'
                  CONSTRAINT evidence_items_sensitivity CHECK (sensitivity IN ('normal', 'personal', 'special')),
    sha256        bytea NOT NULL CONSTRAINT evidence_items_sha256 CHECK (octet_length(sha256) = 32),
    size          bigint NOT NULL,
    media_type    text NOT NULL,
    file_name     text NOT NULL DEFAULT '',
    blob_key      text,
    body          bytea,
    collected_at  timestamptz NOT NULL,
    collected_by  uuid,
    erased_at     timestamptz,
    CONSTRAINT evidence_items_content CHECK (erased_at IS NOT NULL OR (form = 'file') = (blob_key IS NOT NULL))
);
CREATE INDEX evidence_items_person ON evidence_items (person_id, collected_at DESC, id DESC);
CREATE INDEX evidence_items_case ON evidence_items (case_id, collected_at DESC) WHERE case_id IS NOT NULL;

-- What an item is attached to. subject_id is text: an answer is "<interview>/<interviewer>/<check>", a step "<case>/<step>".
CREATE TABLE evidence_links (
    evidence_id  uuid NOT NULL REFERENCES evidence_items (id),
    subject_kind text NOT NULL CONSTRAINT evidence_links_kind CHECK (subject_kind IN (
                     'person', 'claim', 'answer', 'flag', 'case', 'step', 'grant', 'payment', 'dossier', 'signal')),
    subject_id   text NOT NULL,
    -- The case that the subject belongs to: nobody but its members learns of the link.
    case_id      uuid,
    linked_at    timestamptz NOT NULL,
    linked_by    uuid,
    PRIMARY KEY (evidence_id, subject_kind, subject_id)
);
CREATE INDEX evidence_links_subject ON evidence_links (subject_kind, subject_id);

CREATE TABLE custody_events (
    id          uuid PRIMARY KEY,
    evidence_id uuid NOT NULL REFERENCES evidence_items (id),
    at          timestamptz NOT NULL,
    actor_id    uuid,
    actor_label text NOT NULL DEFAULT '',
    action      text NOT NULL CONSTRAINT custody_events_action CHECK (action IN (
                    'collected', 'attached', 'viewed', 'downloaded', 'verified', 'exported', 'erased')),
    detail      jsonb NOT NULL DEFAULT '{}',
    -- As in evidence_links: an event that would give a case away is for its members.
    case_id     uuid
);
CREATE INDEX custody_events_item ON custody_events (evidence_id, id);
CREATE TRIGGER custody_events_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON custody_events
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- +goose Down
DROP TABLE custody_events;
DROP TABLE evidence_links;
DROP TABLE evidence_items;
