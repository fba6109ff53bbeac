-- +goose Up
-- What may stop and start erasing, and what was erased. What personal data lies where is said by the comments below: the register, subject
-- access and erasing all go by them. A column that holds text says one of
--   personal: …   about the person that the table's comment leads to        staff: …    about a user of Gatehouse
--   facts         nobody's: ids, counts, states                             secret: …   never leaves
--   copy: …       repeats other tables, and is made anew from them
ALTER TABLE people DROP CONSTRAINT people_status;
ALTER TABLE people ADD CONSTRAINT people_status CHECK (status IN ('candidate', 'engaged', 'former', 'closed', 'erased'));

CREATE TABLE legal_holds (
    id          uuid PRIMARY KEY,
    person_id   uuid NOT NULL REFERENCES people (id),
    case_id     uuid REFERENCES cases (id),
    reason      text NOT NULL,
    placed_at   timestamptz NOT NULL,
    placed_by   uuid REFERENCES users (id),
    lifted_at   timestamptz,
    lifted_by   uuid REFERENCES users (id),
    lift_reason text NOT NULL DEFAULT '',
    CONSTRAINT legal_holds_reason CHECK (reason <> '')
);
CREATE INDEX legal_holds_person ON legal_holds (person_id);
CREATE UNIQUE INDEX legal_holds_one_a_person ON legal_holds (person_id) WHERE case_id IS NULL AND lifted_at IS NULL;
CREATE UNIQUE INDEX legal_holds_one_a_case ON legal_holds (case_id) WHERE lifted_at IS NULL;

CREATE TABLE erasures (
    id        uuid PRIMARY KEY,
    person_id uuid NOT NULL REFERENCES people (id),
    scope     text NOT NULL CONSTRAINT erasures_scope CHECK (scope IN ('record', 'evidence')),
    basis     text NOT NULL CONSTRAINT erasures_basis CHECK (basis IN ('request', 'consent', 'unlawful', 'retention')),
    run_id    uuid,
    erased_at timestamptz NOT NULL,
    erased_by uuid REFERENCES users (id),
    rows      bigint NOT NULL,
    items     integer NOT NULL
);
CREATE INDEX erasures_recent ON erasures (erased_at DESC, id DESC);
CREATE INDEX erasures_person ON erasures (person_id);

CREATE TABLE retention_rules (
    outcome   text NOT NULL CONSTRAINT retention_rules_outcome CHECK (outcome IN ('rejected', 'withdrawn', 'hired', 'cleared', 'confirmed')),
    scope     text NOT NULL CONSTRAINT retention_rules_scope CHECK (scope IN ('record', 'evidence')),
    keep_days integer NOT NULL CONSTRAINT retention_rules_days CHECK (keep_days BETWEEN 1 AND 36500),
    PRIMARY KEY (outcome, scope)
);

-- One row: how the rules are applied, and which version of them somebody saw.
CREATE TABLE retention_policy (
    one       boolean PRIMARY KEY DEFAULT true CHECK (one),
    automatic boolean NOT NULL DEFAULT false,
    version   integer NOT NULL DEFAULT 1
);
INSERT INTO retention_policy DEFAULT VALUES;

CREATE TABLE retention_runs (
    id         uuid PRIMARY KEY,
    asked_at   timestamptz NOT NULL,
    asked_by   uuid REFERENCES users (id),
    ended_at   timestamptz,
    at_person  uuid,
    looked_at  bigint NOT NULL DEFAULT 0,
    erased     bigint NOT NULL DEFAULT 0,
    held       bigint NOT NULL DEFAULT 0
);
CREATE INDEX retention_runs_recent ON retention_runs (asked_at DESC, id DESC);
CREATE UNIQUE INDEX retention_runs_one_at_a_time ON retention_runs ((true)) WHERE ended_at IS NULL;

ALTER TABLE erasures ADD CONSTRAINT erasures_run FOREIGN KEY (run_id) REFERENCES retention_runs (id);
CREATE INDEX erasures_run ON erasures (run_id) WHERE run_id IS NOT NULL;

-- Erased content that still lies in the store is found by this.
CREATE INDEX evidence_items_to_delete ON evidence_items (id) WHERE erased_at IS NOT NULL AND blob_key IS NOT NULL;

COMMENT ON TABLE people IS 'The human record. [person: id]';
COMMENT ON COLUMN people.name IS 'personal: name';
COMMENT ON COLUMN people.location IS 'personal: claimed place';
COMMENT ON COLUMN people.time_zone IS 'personal: claimed time zone';
COMMENT ON COLUMN people.channel_id IS 'facts';
COMMENT ON COLUMN people.referrer_name IS 'personal, also of referrer_id: name of who recommended them';
COMMENT ON COLUMN people.status IS 'facts';
COMMENT ON COLUMN people.job_title IS 'facts';
COMMENT ON COLUMN people.stage_id IS 'facts';
COMMENT ON COLUMN people.awaited IS 'facts';
COMMENT ON COLUMN people.missing_checks IS 'facts';
COMMENT ON COLUMN people.band IS 'facts';
COMMENT ON TABLE person_keys IS 'The key that a person''s evidence is encrypted under, wrapped. Erasing destroys it. [person: person_id]';
COMMENT ON COLUMN person_keys.wrapped IS 'secret: data key';
COMMENT ON TABLE person_sheets IS 'What the page of a person reads, repeated from other tables. [person: person_id]';
COMMENT ON COLUMN person_sheets.shape IS 'facts';
COMMENT ON COLUMN person_sheets.doc IS 'copy: what other tables hold';
COMMENT ON TABLE claims IS 'What people say of themselves. [person: person_id, deleted]';
COMMENT ON COLUMN claims.kind IS 'facts';
COMMENT ON COLUMN claims.claim_id IS 'facts';
COMMENT ON COLUMN claims.value IS 'personal: what was claimed, such as an address, a telephone number or an employer';
COMMENT ON COLUMN claims.match_key IS 'personal: the same in one form, for comparing';
COMMENT ON COLUMN claims.detail IS 'personal: more of the claim';
COMMENT ON COLUMN claims.source IS 'personal: where the claim was made';
COMMENT ON TABLE outcomes IS 'What checks and signals said of a person. [person: person_id, deleted]';
COMMENT ON COLUMN outcomes.item_id IS 'facts';
COMMENT ON COLUMN outcomes.origin_kind IS 'facts';
COMMENT ON COLUMN outcomes.origin_id IS 'facts';
COMMENT ON COLUMN outcomes.answer IS 'facts';
COMMENT ON COLUMN outcomes.note IS 'personal: what was noted';
COMMENT ON TABLE assessments IS 'Band, score and coverage of a person, with their reasons. [person: person_id, deleted]';
COMMENT ON COLUMN assessments.edition IS 'facts';
COMMENT ON COLUMN assessments.band IS 'facts';
COMMENT ON COLUMN assessments.claims IS 'personal: standing of each claim';
COMMENT ON COLUMN assessments.reasons IS 'personal: what the score is made of';
COMMENT ON COLUMN assessments.next IS 'personal: checks that would settle most';
COMMENT ON TABLE assessment_moves IS 'When a person moved from one band to another. [person: person_id, deleted]';
COMMENT ON COLUMN assessment_moves.from_band IS 'facts';
COMMENT ON COLUMN assessment_moves.to_band IS 'facts';
COMMENT ON COLUMN assessment_moves.cause IS 'facts';
COMMENT ON TABLE flags IS 'Findings about a person, and how they were answered. [person: person_id, deleted]';
COMMENT ON COLUMN flags.item_id IS 'facts';
COMMENT ON COLUMN flags.answer IS 'facts';
COMMENT ON COLUMN flags.strength IS 'facts';
COMMENT ON COLUMN flags.group_id IS 'facts';
COMMENT ON COLUMN flags.origin_kind IS 'facts';
COMMENT ON COLUMN flags.origin_id IS 'facts';
COMMENT ON COLUMN flags.summary IS 'personal: what was found';
COMMENT ON COLUMN flags.state IS 'facts';
COMMENT ON COLUMN flags.reason IS 'personal: how it was answered';
COMMENT ON TABLE evidence_items IS 'Evidence. What an erased item was stays: its kind, hash, size and custody. [person: person_id]';
COMMENT ON COLUMN evidence_items.form IS 'facts';
COMMENT ON COLUMN evidence_items.kind IS 'facts';
COMMENT ON COLUMN evidence_items.title IS 'personal: title';
COMMENT ON COLUMN evidence_items.source IS 'personal: where it came from';
COMMENT ON COLUMN evidence_items.sensitivity IS 'facts';
COMMENT ON COLUMN evidence_items.sha256 IS 'facts';
COMMENT ON COLUMN evidence_items.media_type IS 'facts';
COMMENT ON COLUMN evidence_items.file_name IS 'personal: name of the file';
COMMENT ON COLUMN evidence_items.blob_key IS 'facts';
COMMENT ON COLUMN evidence_items.body IS 'personal: text or address, encrypted under the person''s key';
COMMENT ON TABLE evidence_links IS 'What evidence is attached to. [person: evidence_id of evidence_items]';
COMMENT ON COLUMN evidence_links.subject_kind IS 'facts';
COMMENT ON COLUMN evidence_links.subject_id IS 'facts';
COMMENT ON TABLE evidence_scans IS 'When evidence was last read through. [person: evidence_id of evidence_items]';
COMMENT ON COLUMN evidence_scans.result IS 'facts';
COMMENT ON TABLE custody_events IS 'Every touch of evidence. [person: evidence_id of evidence_items]';
COMMENT ON COLUMN custody_events.actor_label IS 'facts';
COMMENT ON COLUMN custody_events.action IS 'facts';
COMMENT ON COLUMN custody_events.detail IS 'facts';
COMMENT ON TABLE applications IS 'Candidates for a job. [person: person_id]';
COMMENT ON COLUMN applications.edition IS 'facts';
COMMENT ON COLUMN applications.stage_id IS 'facts';
COMMENT ON COLUMN applications.status IS 'facts';
COMMENT ON COLUMN applications.ended_reason IS 'personal: why hiring ended';
COMMENT ON TABLE application_moves IS 'How applications moved through the stages. [person: application_id of applications]';
COMMENT ON COLUMN application_moves.from_stage IS 'facts';
COMMENT ON COLUMN application_moves.to_stage IS 'facts';
COMMENT ON COLUMN application_moves.reason IS 'personal: why';
COMMENT ON TABLE gate_overrides IS 'Missing checks that were let pass. [person: application_id of applications]';
COMMENT ON COLUMN gate_overrides.check_id IS 'facts';
COMMENT ON COLUMN gate_overrides.stage_id IS 'facts';
COMMENT ON COLUMN gate_overrides.reason IS 'personal: why';
COMMENT ON TABLE engagements IS 'Contracts of hired people. [person: person_id]';
COMMENT ON COLUMN engagements.kind IS 'facts';
COMMENT ON COLUMN engagements.title IS 'personal: role';
COMMENT ON COLUMN engagements.device IS 'personal: device';
COMMENT ON COLUMN engagements.device_serial IS 'personal: its serial number';
COMMENT ON TABLE engagement_accounts IS 'Accounts by which signals find a hired person. [person: engagement_id of engagements, deleted]';
COMMENT ON COLUMN engagement_accounts.system IS 'facts';
COMMENT ON COLUMN engagement_accounts.account IS 'personal: account name';
COMMENT ON TABLE interviews IS 'Interviews. [person: person_id]';
COMMENT ON COLUMN interviews.stage_id IS 'facts';
COMMENT ON COLUMN interviews.edition IS 'facts';
COMMENT ON COLUMN interviews.kit IS 'facts';
COMMENT ON COLUMN interviews.place IS 'personal: place or address of the call';
COMMENT ON COLUMN interviews.status IS 'facts';
COMMENT ON COLUMN interviews.cancel_reason IS 'personal: why it was cancelled';
COMMENT ON TABLE interviewers IS 'Who interviews. [person: interview_id of interviews]';
COMMENT ON TABLE answers IS 'Answers to the checks of an interview, while they are written. [person: interview_id of interviews, deleted]';
COMMENT ON COLUMN answers.check_id IS 'facts';
COMMENT ON COLUMN answers.verdict IS 'facts';
COMMENT ON COLUMN answers.note IS 'personal: what was noted';
COMMENT ON TABLE scorecards IS 'Submitted answers, without their words. [person: interview_id of interviews]';
COMMENT ON COLUMN scorecards.answers IS 'facts';
COMMENT ON TABLE scorecard_words IS 'The words of submitted answers. [person: person_id, deleted]';
COMMENT ON COLUMN scorecard_words.field IS 'facts';
COMMENT ON COLUMN scorecard_words.words IS 'personal: what was noted';
COMMENT ON TABLE signals IS 'Telemetry about engagements. [person: person_id, deleted]';
COMMENT ON COLUMN signals.source IS 'facts';
COMMENT ON COLUMN signals.external_id IS 'personal: name of the event at its source';
COMMENT ON COLUMN signals.signal_id IS 'facts';
COMMENT ON COLUMN signals.account IS 'personal: account it is about';
COMMENT ON COLUMN signals.detail IS 'personal: what was seen';
COMMENT ON TABLE signal_totals IS 'How many signals of each kind there are about a person. [person: person_id, deleted]';
COMMENT ON COLUMN signal_totals.signal_id IS 'facts';
COMMENT ON COLUMN signal_totals.last_source IS 'facts';
COMMENT ON TABLE cases IS 'Incident cases. That there was one, its steps and its outcome stay. [person: person_id]';
COMMENT ON COLUMN cases.code_name IS 'facts';
COMMENT ON COLUMN cases.edition IS 'facts';
COMMENT ON COLUMN cases.status IS 'facts';
COMMENT ON COLUMN cases.phase IS 'facts';
COMMENT ON COLUMN cases.reason IS 'personal: why it was opened';
COMMENT ON COLUMN cases.outcome IS 'facts';
COMMENT ON COLUMN cases.outcome_reason IS 'personal: why it ended so';
COMMENT ON COLUMN cases.lessons IS 'personal: what was learned';
COMMENT ON TABLE case_members IS 'Who works on a case. [person: case_id of cases]';
COMMENT ON COLUMN case_members.function IS 'facts';
COMMENT ON COLUMN case_members.sees IS 'facts';
COMMENT ON TABLE case_steps IS 'The playbook of a case. [person: case_id of cases]';
COMMENT ON COLUMN case_steps.step_id IS 'facts';
COMMENT ON COLUMN case_steps.state IS 'facts';
COMMENT ON COLUMN case_steps.owner_role IS 'facts';
COMMENT ON COLUMN case_steps.note IS 'personal: what was noted';
COMMENT ON COLUMN case_steps.override_reason IS 'personal: why it was done out of order or left out';
COMMENT ON TABLE case_notes IS 'Notes in a case. [person: case_id of cases, deleted]';
COMMENT ON COLUMN case_notes.step_id IS 'facts';
COMMENT ON COLUMN case_notes.body IS 'personal: what was noted';
COMMENT ON TABLE case_timeline IS 'What happened in a case. [person: case_id of cases]';
COMMENT ON COLUMN case_timeline.kind IS 'facts';
COMMENT ON COLUMN case_timeline.text IS 'personal: what happened';
COMMENT ON COLUMN case_timeline.step_id IS 'facts';
COMMENT ON TABLE case_sheets IS 'What the page of a case reads, repeated from other tables. [person: case_id of cases]';
COMMENT ON COLUMN case_sheets.shape IS 'facts';
COMMENT ON COLUMN case_sheets.doc IS 'copy: what other tables hold';
COMMENT ON TABLE dossier_entries IS 'What was collected about the subject of a case. [person: case_id of cases, deleted]';
COMMENT ON COLUMN dossier_entries.field_id IS 'facts';
COMMENT ON COLUMN dossier_entries.value IS 'personal: what was found';
COMMENT ON COLUMN dossier_entries.source IS 'personal: where';
COMMENT ON TABLE dossier_gaps IS 'Why a field of the dossier is empty. [person: case_id of cases, deleted]';
COMMENT ON COLUMN dossier_gaps.field_id IS 'facts';
COMMENT ON COLUMN dossier_gaps.reason IS 'personal: why';
COMMENT ON TABLE access_grants IS 'What a person can reach. [person: person_id]';
COMMENT ON COLUMN access_grants.system IS 'facts';
COMMENT ON COLUMN access_grants.level IS 'facts';
COMMENT ON COLUMN access_grants.account IS 'personal: account name';
COMMENT ON COLUMN access_grants.note IS 'personal: what was noted';
COMMENT ON TABLE payments IS 'Money sent or planned. [person: person_id]';
COMMENT ON COLUMN payments.currency IS 'facts';
COMMENT ON COLUMN payments.method IS 'facts';
COMMENT ON COLUMN payments.destination IS 'personal: bank account or wallet';
COMMENT ON COLUMN payments.state IS 'facts';
COMMENT ON COLUMN payments.note IS 'personal: what was noted';
COMMENT ON COLUMN payments.explanation IS 'personal: why it was paid';
COMMENT ON TABLE audit_values IS 'Personal values of entries of the audit log. The entries keep commitments to them. [person: entry_id of audit_entries, deleted]';
COMMENT ON COLUMN audit_values.field IS 'facts';
COMMENT ON COLUMN audit_values.salt IS 'facts';
COMMENT ON COLUMN audit_values.old IS 'personal: value before';
COMMENT ON COLUMN audit_values.new IS 'personal: value after';
COMMENT ON TABLE audit_entries IS 'The audit log: ids, counts and states. [person: person_id]';
COMMENT ON COLUMN audit_entries.actor_kind IS 'facts';
COMMENT ON COLUMN audit_entries.actor_label IS 'facts';
COMMENT ON COLUMN audit_entries.action IS 'facts';
COMMENT ON COLUMN audit_entries.subject_kind IS 'facts';
COMMENT ON COLUMN audit_entries.subject_id IS 'facts';
COMMENT ON COLUMN audit_entries.detail IS 'facts';
COMMENT ON COLUMN audit_entries.commitments IS 'facts';
COMMENT ON TABLE users IS 'Accounts of Gatehouse''s users. [person: person_id]';
COMMENT ON COLUMN users.email IS 'staff: address';
COMMENT ON COLUMN users.name IS 'staff: name';
COMMENT ON COLUMN users.password_hash IS 'secret: password';
COMMENT ON COLUMN users.roles IS 'facts';
COMMENT ON COLUMN users.time_zone IS 'staff: time zone';
COMMENT ON TABLE sessions IS 'Login sessions. They go when they end.';
COMMENT ON COLUMN sessions.token_hash IS 'secret: session';
COMMENT ON COLUMN sessions.data IS 'secret: what the session was asked';
COMMENT ON COLUMN sessions.ip IS 'staff: network address';
COMMENT ON COLUMN sessions.user_agent IS 'staff: browser';
COMMENT ON TABLE user_links IS 'Links to choose a password.';
COMMENT ON COLUMN user_links.secret_hash IS 'secret: link';
COMMENT ON TABLE authenticators IS 'Authenticator apps.';
COMMENT ON COLUMN authenticators.secret IS 'secret: shared secret, encrypted';
COMMENT ON TABLE passkeys IS 'Passkeys.';
COMMENT ON COLUMN passkeys.name IS 'staff: name of the passkey';
COMMENT ON COLUMN passkeys.credential_id IS 'staff: id of the passkey';
COMMENT ON COLUMN passkeys.credential IS 'secret: public key, encrypted';
COMMENT ON TABLE recovery_codes IS 'Recovery codes.';
COMMENT ON COLUMN recovery_codes.code_hash IS 'secret: code';
COMMENT ON TABLE factor_roles IS 'Roles that need a second factor.';
COMMENT ON COLUMN factor_roles.role IS 'facts';
COMMENT ON TABLE api_tokens IS 'Tokens of machines.';
COMMENT ON COLUMN api_tokens.name IS 'staff: name of the token';
COMMENT ON COLUMN api_tokens.token_hash IS 'secret: token';
COMMENT ON COLUMN api_tokens.scopes IS 'facts';
COMMENT ON TABLE saved_views IS 'Filters that users keep.';
COMMENT ON COLUMN saved_views.page IS 'facts';
COMMENT ON COLUMN saved_views.name IS 'staff: name of the view';
COMMENT ON COLUMN saved_views.query IS 'staff: the filter, which may search for a name';
COMMENT ON TABLE jobs IS 'Jobs.';
COMMENT ON COLUMN jobs.title IS 'facts';
COMMENT ON COLUMN jobs.level_id IS 'facts';
COMMENT ON COLUMN jobs.edition IS 'facts';
COMMENT ON COLUMN jobs.team IS 'facts';
COMMENT ON COLUMN jobs.notes IS 'staff: notes about the job';
COMMENT ON COLUMN jobs.status IS 'facts';
COMMENT ON TABLE job_checks IS 'How evenly a job''s candidates were checked.';
COMMENT ON COLUMN job_checks.check_id IS 'facts';
COMMENT ON TABLE job_comparisons IS 'When a job''s candidates were last compared.';
COMMENT ON TABLE audit_leaves IS 'Which entry of the audit log is which leaf of the tree.';
COMMENT ON TABLE signal_batches IS 'Requests that brought signals: counts and ids.';
COMMENT ON COLUMN signal_batches.names IS 'facts';
COMMENT ON COLUMN signal_batches.digest IS 'facts';
COMMENT ON TABLE signal_days IS 'Signals a day.';
COMMENT ON COLUMN signal_days.signal_id IS 'facts';
COMMENT ON TABLE signal_sources IS 'Sources of signals.';
COMMENT ON COLUMN signal_sources.source IS 'facts';
COMMENT ON TABLE tallies IS 'Counts for dashboards.';
COMMENT ON COLUMN tallies.figure IS 'facts';
COMMENT ON COLUMN tallies.a IS 'facts';
COMMENT ON COLUMN tallies.b IS 'facts';
COMMENT ON TABLE tally_deltas IS 'Counts not yet folded in.';
COMMENT ON COLUMN tally_deltas.figure IS 'facts';
COMMENT ON COLUMN tally_deltas.a IS 'facts';
COMMENT ON COLUMN tally_deltas.b IS 'facts';
COMMENT ON TABLE audit_hash_runs IS 'The tree over the audit log.';
COMMENT ON COLUMN audit_hash_runs.hashes IS 'facts';
COMMENT ON TABLE audit_checkpoints IS 'Signed checkpoints of the audit log.';
COMMENT ON COLUMN audit_checkpoints.root IS 'facts';
COMMENT ON COLUMN audit_checkpoints.note IS 'facts';
COMMENT ON TABLE installation IS 'Facts about this installation.';
COMMENT ON COLUMN installation.name IS 'facts';
COMMENT ON COLUMN installation.value IS 'facts';
COMMENT ON TABLE retention_rules IS 'How long data of each kind of outcome is kept.';
COMMENT ON COLUMN retention_rules.outcome IS 'facts';
COMMENT ON COLUMN erasures.scope IS 'facts';
COMMENT ON COLUMN erasures.basis IS 'facts';
COMMENT ON COLUMN retention_rules.scope IS 'facts';
COMMENT ON TABLE retention_policy IS 'How the retention rules are applied.';
COMMENT ON TABLE retention_runs IS 'Runs of the retention rules.';
COMMENT ON TABLE legal_holds IS 'Holds that stop erasing. [person: person_id, withheld]';
COMMENT ON COLUMN legal_holds.reason IS 'personal: why';
COMMENT ON COLUMN legal_holds.lift_reason IS 'personal: why it was lifted';
COMMENT ON TABLE erasures IS 'What was erased, when, by whom, on what basis. [person: person_id]';

-- +goose Down
DROP INDEX evidence_items_to_delete;
DROP TABLE erasures, retention_runs, retention_policy, retention_rules, legal_holds;
ALTER TABLE people DROP CONSTRAINT people_status;
ALTER TABLE people ADD CONSTRAINT people_status CHECK (status IN ('candidate', 'engaged', 'former', 'closed'));
