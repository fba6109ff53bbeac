-- Rows as an installation of migration 00012 held them, one or a few of each kind. Everybody in it is invented.
INSERT INTO users (id, email, name, password_hash, roles, created_at) VALUES
    ('01900000-0000-7000-8000-000000000001', 'lead@example.com', 'Ada Berg', 'x', '{security_lead}', '2026-05-01'),
    ('01900000-0000-7000-8000-000000000002', 'manager@example.com', 'Noor Ekwall', 'x', '{hiring_manager}', '2026-05-01');
INSERT INTO people (id, name, created_at, updated_at) VALUES
    ('01900000-0000-7000-8000-000000000010', 'Robin Vale', '2026-05-02', '2026-05-02'),
    ('01900000-0000-7000-8000-000000000011', 'Kim Lund', '2026-05-02', '2026-05-02');
INSERT INTO person_keys (person_id, wrapped, created_at) SELECT id, '\x01', created_at FROM people;
INSERT INTO claims (id, person_id, kind, claim_id, value, made_at)
SELECT '01900000-0000-7000-8000-000000000020', '01900000-0000-7000-8000-000000000010', 'location', 'claim-location', 'As claimed', '2026-05-02';
INSERT INTO evidence_items (id, person_id, form, kind, title, sha256, size, media_type, body, blob_key, collected_at) VALUES
    ('01900000-0000-7000-8000-000000000030', '01900000-0000-7000-8000-000000000010', 'text', 'note', 'A note', sha256('a'), 1, 'text/plain', '\x01', NULL, '2026-05-03'),
    ('01900000-0000-7000-8000-000000000031', '01900000-0000-7000-8000-000000000010', 'file', 'document', 'A file', sha256('b'), 1, 'application/pdf', NULL, '01900000-0000-7000-8000-000000000031', '2026-05-03');
INSERT INTO evidence_links (evidence_id, subject_kind, subject_id, linked_at)
VALUES ('01900000-0000-7000-8000-000000000030', 'person', '01900000-0000-7000-8000-000000000010', '2026-05-03');
INSERT INTO custody_events (id, evidence_id, at, action)
VALUES ('01900000-0000-7000-8000-000000000032', '01900000-0000-7000-8000-000000000030', '2026-05-03', 'collected');
INSERT INTO flags (id, person_id, item_id, answer, strength, group_id, origin_kind, origin_id, raised_at)
VALUES ('01900000-0000-7000-8000-000000000040', '01900000-0000-7000-8000-000000000010', 'check-camera', 'red-flag', 'strong', 'identity', 'check', 'x', '2026-05-04');
INSERT INTO jobs (id, title, level_id, edition, manager_id, created_at)
VALUES ('01900000-0000-7000-8000-000000000050', 'Backend developer', 'level-verified', '1.0.0', '01900000-0000-7000-8000-000000000002', '2026-05-01');
INSERT INTO applications (id, person_id, job_id, edition, stage_id, stage_since, applied_at)
VALUES ('01900000-0000-7000-8000-000000000051', '01900000-0000-7000-8000-000000000010', '01900000-0000-7000-8000-000000000050', '1.0.0', 'stage-application', '2026-05-02', '2026-05-02');
INSERT INTO engagements (id, person_id, kind, started_on, created_at)
VALUES ('01900000-0000-7000-8000-000000000052', '01900000-0000-7000-8000-000000000010', 'employee', '2026-06-01', '2026-05-20');
INSERT INTO interviews (id, application_id, person_id, job_id, stage_id, edition, kit, starts_at, created_at)
VALUES ('01900000-0000-7000-8000-000000000053', '01900000-0000-7000-8000-000000000051', '01900000-0000-7000-8000-000000000010', '01900000-0000-7000-8000-000000000050',
        'stage-screening-call', '1.0.0', '{check-camera}', '2026-05-06', '2026-05-05');
INSERT INTO cases (id, code_name, person_id, edition, reason, opened_at)
VALUES ('01900000-0000-7000-8000-000000000060', 'Harbour', '01900000-0000-7000-8000-000000000010', '1.0.0', 'Two findings', '2026-06-10');
INSERT INTO case_members (case_id, user_id, function, added_at)
VALUES ('01900000-0000-7000-8000-000000000060', '01900000-0000-7000-8000-000000000001', 'lead', '2026-06-10');
INSERT INTO case_steps (case_id, step_id, position, owner_role, due_at)
VALUES ('01900000-0000-7000-8000-000000000060', 'step-one', 1, 'security', '2026-06-12');
INSERT INTO case_step_items (case_id, step_id, item, ticked_at)
SELECT '01900000-0000-7000-8000-000000000060', 'step-one', item, '2026-06-11' FROM unnest('{0,2}'::int[]) item;
INSERT INTO signals (id, batch_id, source, external_id, occurred_at, signal_id)
SELECT gen_random_uuid(), gen_random_uuid(), 'edr', n::text, '2026-06-05', 'signal-mouse-jiggler' FROM generate_series(1, 3) n;
INSERT INTO audit_entries (id, at, actor_kind, action, subject_kind, subject_id)
VALUES ('01900000-0000-7000-8000-000000000070', '2026-05-02', 'system', 'person.added', 'person', '01900000-0000-7000-8000-000000000010');
