-- The whole schema as the migrations leave it, to be read. Made by: go test ./migrations -update

CREATE TABLE access_grants (
    id uuid NOT NULL,
    person_id uuid NOT NULL,
    case_id uuid,
    system text NOT NULL,
    level text DEFAULT ''::text NOT NULL,
    account text DEFAULT ''::text NOT NULL,
    granted_on date,
    note text DEFAULT ''::text NOT NULL,
    listed_at timestamp with time zone NOT NULL,
    listed_by uuid,
    revoked_at timestamp with time zone,
    revoked_by uuid,
    attested_at timestamp with time zone,
    attested_by uuid,
    restored_at timestamp with time zone,
    restored_by uuid,
    version integer DEFAULT 1 NOT NULL,
    CONSTRAINT access_grants_case_id_fkey FOREIGN KEY (case_id) REFERENCES cases(id),
    CONSTRAINT access_grants_order CHECK (((attested_at IS NULL) OR (revoked_at IS NOT NULL))),
    CONSTRAINT access_grants_person_id_fkey FOREIGN KEY (person_id) REFERENCES people(id),
    CONSTRAINT access_grants_pkey PRIMARY KEY (id),
    CONSTRAINT access_grants_restored CHECK (((restored_at IS NULL) OR (revoked_at IS NOT NULL))),
    CONSTRAINT access_grants_second_person CHECK (((attested_by IS NULL) OR (attested_by <> revoked_by)))
);

CREATE TABLE answers (
    interview_id uuid NOT NULL,
    user_id uuid NOT NULL,
    check_id text NOT NULL,
    verdict text NOT NULL,
    note text DEFAULT ''::text NOT NULL,
    revision integer DEFAULT 1 NOT NULL,
    answered_at timestamp with time zone NOT NULL,
    CONSTRAINT answers_interview_id_user_id_fkey FOREIGN KEY (interview_id, user_id) REFERENCES interviewers(interview_id, user_id),
    CONSTRAINT answers_pkey PRIMARY KEY (interview_id, user_id, check_id),
    CONSTRAINT answers_verdict CHECK ((verdict = ANY (ARRAY[''::text, 'clear'::text, 'concern'::text, 'red-flag'::text, 'not-done'::text])))
);

CREATE TABLE api_tokens (
    id uuid NOT NULL,
    name text NOT NULL,
    token_hash bytea NOT NULL,
    scopes text[] NOT NULL,
    created_by uuid,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone,
    last_used_at timestamp with time zone,
    revoked_at timestamp with time zone,
    CONSTRAINT api_tokens_created_by_fkey FOREIGN KEY (created_by) REFERENCES users(id),
    CONSTRAINT api_tokens_pkey PRIMARY KEY (id),
    CONSTRAINT api_tokens_scopes CHECK ((cardinality(scopes) > 0))
);

CREATE TABLE application_moves (
    id uuid NOT NULL,
    application_id uuid NOT NULL,
    from_stage text NOT NULL,
    to_stage text NOT NULL,
    at timestamp with time zone NOT NULL,
    moved_by uuid,
    reason text DEFAULT ''::text NOT NULL,
    CONSTRAINT application_moves_application_id_fkey FOREIGN KEY (application_id) REFERENCES applications(id),
    CONSTRAINT application_moves_pkey PRIMARY KEY (id)
);

CREATE TABLE applications (
    id uuid NOT NULL,
    person_id uuid NOT NULL,
    job_id uuid NOT NULL,
    edition text NOT NULL,
    stage_id text NOT NULL,
    stage_since timestamp with time zone NOT NULL,
    status text DEFAULT 'active'::text NOT NULL,
    applied_at timestamp with time zone NOT NULL,
    ended_at timestamp with time zone,
    ended_by uuid,
    ended_reason text DEFAULT ''::text NOT NULL,
    aside boolean DEFAULT false NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    CONSTRAINT applications_job_id_fkey FOREIGN KEY (job_id) REFERENCES jobs(id),
    CONSTRAINT applications_person_id_fkey FOREIGN KEY (person_id) REFERENCES people(id),
    CONSTRAINT applications_pkey PRIMARY KEY (id),
    CONSTRAINT applications_status CHECK ((status = ANY (ARRAY['active'::text, 'hired'::text, 'closed'::text, 'withdrawn'::text])))
);

CREATE TABLE assessment_moves (
    id uuid NOT NULL,
    person_id uuid NOT NULL,
    at timestamp with time zone NOT NULL,
    from_band text NOT NULL,
    to_band text NOT NULL,
    score smallint NOT NULL,
    coverage smallint NOT NULL,
    cause text NOT NULL,
    CONSTRAINT assessment_moves_person_id_fkey FOREIGN KEY (person_id) REFERENCES people(id),
    CONSTRAINT assessment_moves_pkey PRIMARY KEY (id)
);

CREATE TABLE assessments (
    person_id uuid NOT NULL,
    edition text NOT NULL,
    score smallint NOT NULL,
    band text NOT NULL,
    coverage smallint NOT NULL,
    claims jsonb DEFAULT '[]'::jsonb NOT NULL,
    reasons jsonb DEFAULT '[]'::jsonb NOT NULL,
    next jsonb DEFAULT '[]'::jsonb NOT NULL,
    assessed_at timestamp with time zone NOT NULL,
    CONSTRAINT assessments_person_id_fkey FOREIGN KEY (person_id) REFERENCES people(id),
    CONSTRAINT assessments_pkey PRIMARY KEY (person_id)
);

CREATE TABLE audit_checkpoints (
    size bigint NOT NULL,
    root bytea NOT NULL,
    note text NOT NULL,
    upto uuid NOT NULL,
    at timestamp with time zone NOT NULL,
    CONSTRAINT audit_checkpoints_pkey PRIMARY KEY (size)
);

CREATE TABLE audit_entries (
    id uuid NOT NULL,
    at timestamp with time zone NOT NULL,
    actor_kind text NOT NULL,
    actor_id uuid,
    actor_label text DEFAULT ''::text NOT NULL,
    action text NOT NULL,
    subject_kind text NOT NULL,
    subject_id text NOT NULL,
    person_id uuid,
    case_id uuid,
    detail jsonb DEFAULT '{}'::jsonb NOT NULL,
    commitments jsonb DEFAULT '{}'::jsonb NOT NULL,
    CONSTRAINT audit_entries_actor_kind CHECK ((actor_kind = ANY (ARRAY['user'::text, 'token'::text, 'system'::text]))),
    CONSTRAINT audit_entries_pkey PRIMARY KEY (id)
);

CREATE TABLE audit_hash_runs (
    idx bigint NOT NULL,
    hashes bytea NOT NULL,
    CONSTRAINT audit_hash_runs_idx CHECK ((idx >= 0)),
    CONSTRAINT audit_hash_runs_pkey PRIMARY KEY (idx),
    CONSTRAINT audit_hash_runs_size CHECK (((octet_length(hashes) > 0) AND ((octet_length(hashes) % 32) = 0)))
);

CREATE TABLE audit_leaves (
    idx bigint NOT NULL,
    entry_id uuid NOT NULL,
    CONSTRAINT audit_leaves_entry UNIQUE (entry_id),
    CONSTRAINT audit_leaves_idx CHECK ((idx >= 0)),
    CONSTRAINT audit_leaves_pkey PRIMARY KEY (idx)
);

CREATE TABLE audit_values (
    entry_id uuid NOT NULL,
    field text NOT NULL,
    salt bytea NOT NULL,
    old text,
    new text,
    person_id uuid,
    CONSTRAINT audit_values_entry_id_fkey FOREIGN KEY (entry_id) REFERENCES audit_entries(id),
    CONSTRAINT audit_values_pkey PRIMARY KEY (entry_id, field)
);

CREATE TABLE authenticators (
    user_id uuid NOT NULL,
    secret bytea NOT NULL,
    created_at timestamp with time zone NOT NULL,
    confirmed_at timestamp with time zone,
    last_step bigint DEFAULT 0 NOT NULL,
    CONSTRAINT authenticators_pkey PRIMARY KEY (user_id),
    CONSTRAINT authenticators_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id)
);

CREATE TABLE case_members (
    case_id uuid NOT NULL,
    user_id uuid NOT NULL,
    function text NOT NULL,
    sees text DEFAULT 'whole'::text NOT NULL,
    added_at timestamp with time zone NOT NULL,
    added_by uuid,
    removed_at timestamp with time zone,
    CONSTRAINT case_members_case_id_fkey FOREIGN KEY (case_id) REFERENCES cases(id),
    CONSTRAINT case_members_function CHECK ((function = ANY (ARRAY['lead'::text, 'deputy'::text, 'security'::text, 'engineering'::text, 'finance'::text, 'legal'::text, 'hr'::text, 'observer'::text]))),
    CONSTRAINT case_members_pkey PRIMARY KEY (case_id, user_id),
    CONSTRAINT case_members_sees CHECK ((sees = ANY (ARRAY['whole'::text, 'tasks'::text]))),
    CONSTRAINT case_members_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id)
);

CREATE TABLE case_notes (
    id uuid NOT NULL,
    case_id uuid NOT NULL,
    step_id text DEFAULT ''::text NOT NULL,
    body text NOT NULL,
    written_at timestamp with time zone NOT NULL,
    written_by uuid,
    CONSTRAINT case_notes_case_id_fkey FOREIGN KEY (case_id) REFERENCES cases(id),
    CONSTRAINT case_notes_pkey PRIMARY KEY (id)
);

CREATE TABLE case_openings (
    id uuid NOT NULL,
    case_id uuid NOT NULL,
    user_id uuid NOT NULL,
    opened_at timestamp with time zone NOT NULL,
    until timestamp with time zone NOT NULL,
    reason text NOT NULL,
    CONSTRAINT case_openings_case_id_fkey FOREIGN KEY (case_id) REFERENCES cases(id),
    CONSTRAINT case_openings_pkey PRIMARY KEY (id),
    CONSTRAINT case_openings_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id)
);

CREATE TABLE case_sheets (
    case_id uuid NOT NULL,
    changed xid8 DEFAULT pg_current_xact_id() NOT NULL,
    shape text DEFAULT ''::text NOT NULL,
    doc json,
    CONSTRAINT case_sheets_case_id_fkey FOREIGN KEY (case_id) REFERENCES cases(id) ON DELETE CASCADE,
    CONSTRAINT case_sheets_pkey PRIMARY KEY (case_id)
);

CREATE TABLE case_steps (
    case_id uuid NOT NULL,
    step_id text NOT NULL,
    position integer NOT NULL,
    state text DEFAULT 'open'::text NOT NULL,
    owner_role text NOT NULL,
    owner_id uuid,
    due_at timestamp with time zone NOT NULL,
    done_at timestamp with time zone,
    done_by uuid,
    note text DEFAULT ''::text NOT NULL,
    override_reason text DEFAULT ''::text NOT NULL,
    overridden_by uuid,
    overridden_at timestamp with time zone,
    version integer DEFAULT 1 NOT NULL,
    ticked bigint DEFAULT 0 NOT NULL,
    CONSTRAINT case_steps_case_id_fkey FOREIGN KEY (case_id) REFERENCES cases(id),
    CONSTRAINT case_steps_owner_id_fkey FOREIGN KEY (owner_id) REFERENCES users(id),
    CONSTRAINT case_steps_pkey PRIMARY KEY (case_id, step_id),
    CONSTRAINT case_steps_state CHECK ((state = ANY (ARRAY['open'::text, 'done'::text, 'skipped'::text, 'not-applicable'::text])))
);

CREATE TABLE case_timeline (
    id uuid NOT NULL,
    case_id uuid NOT NULL,
    at timestamp with time zone NOT NULL,
    actor_id uuid,
    kind text NOT NULL,
    text text NOT NULL,
    step_id text DEFAULT ''::text NOT NULL,
    evidence_id uuid,
    CONSTRAINT case_timeline_case_id_fkey FOREIGN KEY (case_id) REFERENCES cases(id),
    CONSTRAINT case_timeline_pkey PRIMARY KEY (id)
);

CREATE TABLE cases (
    id uuid NOT NULL,
    number bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
    code_name text NOT NULL,
    person_id uuid NOT NULL,
    engagement_id uuid,
    application_id uuid,
    edition text NOT NULL,
    status text DEFAULT 'open'::text NOT NULL,
    phase text DEFAULT 'triage'::text NOT NULL,
    reason text NOT NULL,
    flag_ids uuid[] DEFAULT '{}'::uuid[] NOT NULL,
    opened_at timestamp with time zone NOT NULL,
    opened_by uuid,
    outcome text,
    outcome_reason text DEFAULT ''::text NOT NULL,
    decided_by uuid,
    decided_at timestamp with time zone,
    agreed_by uuid,
    agreed_at timestamp with time zone,
    closed_at timestamp with time zone,
    closed_by uuid,
    lessons text DEFAULT ''::text NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    sealed_at timestamp with time zone,
    sealed_by uuid,
    CONSTRAINT cases_application_id_fkey FOREIGN KEY (application_id) REFERENCES applications(id),
    CONSTRAINT cases_closed_with_outcome CHECK (((status = 'open'::text) OR ((outcome IS NOT NULL) AND (agreed_by IS NOT NULL)))),
    CONSTRAINT cases_engagement_id_fkey FOREIGN KEY (engagement_id) REFERENCES engagements(id),
    CONSTRAINT cases_outcome CHECK ((outcome = ANY (ARRAY['confirmed'::text, 'not-confirmed'::text, 'false-positive'::text]))),
    CONSTRAINT cases_person_id_fkey FOREIGN KEY (person_id) REFERENCES people(id),
    CONSTRAINT cases_pkey PRIMARY KEY (id),
    CONSTRAINT cases_sealed_by_fkey FOREIGN KEY (sealed_by) REFERENCES users(id),
    CONSTRAINT cases_second_person CHECK (((agreed_by IS NULL) OR (agreed_by <> decided_by))),
    CONSTRAINT cases_status CHECK ((status = ANY (ARRAY['open'::text, 'closed'::text])))
);

CREATE TABLE claims (
    id uuid NOT NULL,
    person_id uuid NOT NULL,
    kind text NOT NULL,
    claim_id text NOT NULL,
    value text NOT NULL,
    match_key text DEFAULT ''::text NOT NULL,
    detail jsonb DEFAULT '{}'::jsonb NOT NULL,
    source text DEFAULT ''::text NOT NULL,
    made_at timestamp with time zone NOT NULL,
    created_by uuid,
    retired_at timestamp with time zone,
    sealed bytea,
    CONSTRAINT claims_kind CHECK ((kind = ANY (ARRAY['name'::text, 'email'::text, 'phone'::text, 'handle'::text, 'address'::text, 'location'::text, 'time-zone'::text, 'employer'::text, 'education'::text, 'language'::text, 'profile'::text, 'payment'::text, 'other'::text]))),
    CONSTRAINT claims_payment_sealed CHECK (((kind <> 'payment'::text) OR (value = ''::text))) NOT VALID,
    CONSTRAINT claims_person_id_fkey FOREIGN KEY (person_id) REFERENCES people(id),
    CONSTRAINT claims_pkey PRIMARY KEY (id)
);

CREATE TABLE custody_events (
    id uuid NOT NULL,
    evidence_id uuid NOT NULL,
    at timestamp with time zone NOT NULL,
    actor_id uuid,
    actor_label text DEFAULT ''::text NOT NULL,
    action text NOT NULL,
    detail jsonb DEFAULT '{}'::jsonb NOT NULL,
    case_id uuid,
    address text DEFAULT ''::text NOT NULL,
    CONSTRAINT custody_events_action CHECK ((action = ANY (ARRAY['collected'::text, 'attached'::text, 'opened'::text, 'viewed'::text, 'downloaded'::text, 'verified'::text, 'exported'::text, 'erased'::text]))),
    CONSTRAINT custody_events_evidence_id_fkey FOREIGN KEY (evidence_id) REFERENCES evidence_items(id),
    CONSTRAINT custody_events_pkey PRIMARY KEY (id)
);

CREATE TABLE dossier_entries (
    id uuid NOT NULL,
    case_id uuid NOT NULL,
    field_id text NOT NULL,
    value text DEFAULT ''::text NOT NULL,
    evidence_id uuid,
    source text DEFAULT ''::text NOT NULL,
    added_at timestamp with time zone NOT NULL,
    added_by uuid,
    removed_at timestamp with time zone,
    removed_by uuid,
    sealed bytea,
    match_key text DEFAULT ''::text NOT NULL,
    CONSTRAINT dossier_entries_case_id_fkey FOREIGN KEY (case_id) REFERENCES cases(id),
    CONSTRAINT dossier_entries_evidence_id_fkey FOREIGN KEY (evidence_id) REFERENCES evidence_items(id),
    CONSTRAINT dossier_entries_pkey PRIMARY KEY (id),
    CONSTRAINT dossier_entries_sealed CHECK (((sealed IS NULL) OR (value = ''::text)))
);

CREATE TABLE dossier_gaps (
    case_id uuid NOT NULL,
    field_id text NOT NULL,
    reason text NOT NULL,
    explained_at timestamp with time zone NOT NULL,
    explained_by uuid,
    CONSTRAINT dossier_gaps_case_id_fkey FOREIGN KEY (case_id) REFERENCES cases(id),
    CONSTRAINT dossier_gaps_pkey PRIMARY KEY (case_id, field_id),
    CONSTRAINT dossier_gaps_reason CHECK ((reason <> ''::text))
);

CREATE TABLE engagement_accounts (
    engagement_id uuid NOT NULL,
    system text NOT NULL,
    account text NOT NULL,
    CONSTRAINT engagement_accounts_engagement_id_fkey FOREIGN KEY (engagement_id) REFERENCES engagements(id),
    CONSTRAINT engagement_accounts_pkey PRIMARY KEY (engagement_id, system, account)
);

CREATE TABLE engagements (
    id uuid NOT NULL,
    person_id uuid NOT NULL,
    application_id uuid,
    job_id uuid,
    kind text NOT NULL,
    title text DEFAULT ''::text NOT NULL,
    manager_id uuid,
    started_on date NOT NULL,
    ended_on date,
    device text DEFAULT ''::text NOT NULL,
    device_serial text DEFAULT ''::text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    CONSTRAINT engagements_application_id_fkey FOREIGN KEY (application_id) REFERENCES applications(id),
    CONSTRAINT engagements_job_id_fkey FOREIGN KEY (job_id) REFERENCES jobs(id),
    CONSTRAINT engagements_kind CHECK ((kind = ANY (ARRAY['employee'::text, 'contractor'::text, 'vendor'::text]))),
    CONSTRAINT engagements_manager_id_fkey FOREIGN KEY (manager_id) REFERENCES users(id),
    CONSTRAINT engagements_person_id_fkey FOREIGN KEY (person_id) REFERENCES people(id),
    CONSTRAINT engagements_pkey PRIMARY KEY (id)
);

CREATE TABLE erasures (
    id uuid NOT NULL,
    person_id uuid NOT NULL,
    scope text NOT NULL,
    basis text NOT NULL,
    run_id uuid,
    erased_at timestamp with time zone NOT NULL,
    erased_by uuid,
    rows bigint NOT NULL,
    items integer NOT NULL,
    CONSTRAINT erasures_basis CHECK ((basis = ANY (ARRAY['request'::text, 'consent'::text, 'unlawful'::text, 'retention'::text]))),
    CONSTRAINT erasures_erased_by_fkey FOREIGN KEY (erased_by) REFERENCES users(id),
    CONSTRAINT erasures_person_id_fkey FOREIGN KEY (person_id) REFERENCES people(id),
    CONSTRAINT erasures_pkey PRIMARY KEY (id),
    CONSTRAINT erasures_run FOREIGN KEY (run_id) REFERENCES retention_runs(id),
    CONSTRAINT erasures_scope CHECK ((scope = ANY (ARRAY['record'::text, 'evidence'::text])))
);

CREATE TABLE evidence_items (
    id uuid NOT NULL,
    person_id uuid NOT NULL,
    case_id uuid,
    form text NOT NULL,
    kind text NOT NULL,
    title text NOT NULL,
    source text DEFAULT ''::text NOT NULL,
    sensitivity text DEFAULT 'personal'::text NOT NULL,
    sha256 bytea NOT NULL,
    size bigint NOT NULL,
    media_type text NOT NULL,
    file_name text DEFAULT ''::text NOT NULL,
    blob_key text,
    body bytea,
    collected_at timestamp with time zone NOT NULL,
    collected_by uuid,
    erased_at timestamp with time zone,
    facts jsonb DEFAULT '{}'::jsonb NOT NULL,
    CONSTRAINT evidence_items_content CHECK (((erased_at IS NOT NULL) OR ((form = 'file'::text) = (blob_key IS NOT NULL)))),
    CONSTRAINT evidence_items_form CHECK ((form = ANY (ARRAY['file'::text, 'link'::text, 'text'::text]))),
    CONSTRAINT evidence_items_of_case FOREIGN KEY (case_id) REFERENCES cases(id),
    CONSTRAINT evidence_items_person_id_fkey FOREIGN KEY (person_id) REFERENCES people(id),
    CONSTRAINT evidence_items_pkey PRIMARY KEY (id),
    CONSTRAINT evidence_items_sensitivity CHECK ((sensitivity = ANY (ARRAY['normal'::text, 'personal'::text, 'special'::text]))),
    CONSTRAINT evidence_items_sha256 CHECK ((octet_length(sha256) = 32))
);

CREATE TABLE evidence_links (
    evidence_id uuid NOT NULL,
    subject_kind text NOT NULL,
    subject_id text NOT NULL,
    case_id uuid,
    linked_at timestamp with time zone NOT NULL,
    linked_by uuid,
    CONSTRAINT evidence_links_evidence_id_fkey FOREIGN KEY (evidence_id) REFERENCES evidence_items(id),
    CONSTRAINT evidence_links_kind CHECK ((subject_kind = ANY (ARRAY['person'::text, 'claim'::text, 'answer'::text, 'flag'::text, 'case'::text, 'step'::text, 'grant'::text, 'payment'::text, 'dossier'::text, 'signal'::text]))),
    CONSTRAINT evidence_links_pkey PRIMARY KEY (evidence_id, subject_kind, subject_id)
);

CREATE TABLE evidence_malware (
    evidence_id uuid NOT NULL,
    state text NOT NULL,
    name text DEFAULT ''::text NOT NULL,
    scanned_at timestamp with time zone,
    next_at timestamp with time zone NOT NULL,
    CONSTRAINT evidence_malware_evidence_id_fkey FOREIGN KEY (evidence_id) REFERENCES evidence_items(id),
    CONSTRAINT evidence_malware_named CHECK (((state = 'found'::text) = (name <> ''::text))),
    CONSTRAINT evidence_malware_pkey PRIMARY KEY (evidence_id),
    CONSTRAINT evidence_malware_state CHECK ((state = ANY (ARRAY['waiting'::text, 'clean'::text, 'found'::text, 'too_large'::text])))
);

CREATE TABLE evidence_scans (
    evidence_id uuid NOT NULL,
    at timestamp with time zone NOT NULL,
    result text NOT NULL,
    CONSTRAINT evidence_scans_evidence_id_fkey FOREIGN KEY (evidence_id) REFERENCES evidence_items(id),
    CONSTRAINT evidence_scans_pkey PRIMARY KEY (evidence_id),
    CONSTRAINT evidence_scans_result CHECK ((result = ANY (ARRAY['intact'::text, 'altered'::text, 'unread'::text])))
);

CREATE TABLE factor_roles (
    role text NOT NULL,
    CONSTRAINT factor_roles_pkey PRIMARY KEY (role)
);

CREATE TABLE flags (
    id uuid NOT NULL,
    person_id uuid NOT NULL,
    item_id text NOT NULL,
    answer text NOT NULL,
    strength text NOT NULL,
    group_id text NOT NULL,
    origin_kind text NOT NULL,
    origin_id text NOT NULL,
    summary text DEFAULT ''::text NOT NULL,
    state text DEFAULT 'open'::text NOT NULL,
    raised_at timestamp with time zone NOT NULL,
    raised_by uuid,
    disposed_at timestamp with time zone,
    disposed_by uuid,
    reason text DEFAULT ''::text NOT NULL,
    seconded_at timestamp with time zone,
    seconded_by uuid,
    withdrawn_at timestamp with time zone,
    version integer DEFAULT 1 NOT NULL,
    rests boolean DEFAULT false NOT NULL,
    CONSTRAINT flags_answer CHECK ((answer = ANY (ARRAY['concern'::text, 'red-flag'::text, 'raised'::text]))),
    CONSTRAINT flags_origin CHECK ((origin_kind = ANY (ARRAY['answer'::text, 'check'::text, 'signal'::text]))),
    CONSTRAINT flags_person_id_fkey FOREIGN KEY (person_id) REFERENCES people(id),
    CONSTRAINT flags_pkey PRIMARY KEY (id),
    CONSTRAINT flags_second_person CHECK (((seconded_by IS NULL) OR (seconded_by <> disposed_by))),
    CONSTRAINT flags_state CHECK ((state = ANY (ARRAY['open'::text, 'explained'::text, 'confirmed'::text]))),
    CONSTRAINT flags_strength CHECK ((strength = ANY (ARRAY['weak'::text, 'moderate'::text, 'strong'::text, 'decisive'::text])))
);

CREATE TABLE gate_overrides (
    application_id uuid NOT NULL,
    check_id text NOT NULL,
    stage_id text NOT NULL,
    reason text NOT NULL,
    overridden_by uuid NOT NULL,
    overridden_at timestamp with time zone NOT NULL,
    CONSTRAINT gate_overrides_application_id_fkey FOREIGN KEY (application_id) REFERENCES applications(id),
    CONSTRAINT gate_overrides_pkey PRIMARY KEY (application_id, check_id),
    CONSTRAINT gate_overrides_reason CHECK ((reason <> ''::text))
);

CREATE TABLE installation (
    name text NOT NULL,
    value text NOT NULL,
    CONSTRAINT installation_pkey PRIMARY KEY (name)
);

CREATE TABLE installation_keys (
    generation integer NOT NULL,
    key_id text NOT NULL,
    root_id text NOT NULL,
    wrapped bytea NOT NULL,
    made_at timestamp with time zone NOT NULL,
    seals_from timestamp with time zone NOT NULL,
    rotated_at timestamp with time zone,
    retired_at timestamp with time zone,
    CONSTRAINT installation_keys_first CHECK (((generation > 1) OR (retired_at IS NULL))),
    CONSTRAINT installation_keys_generation CHECK ((generation > 0)),
    CONSTRAINT installation_keys_key_id_key UNIQUE (key_id),
    CONSTRAINT installation_keys_pkey PRIMARY KEY (generation)
);

CREATE TABLE interviewers (
    interview_id uuid NOT NULL,
    user_id uuid NOT NULL,
    submitted_at timestamp with time zone,
    CONSTRAINT interviewers_interview_id_fkey FOREIGN KEY (interview_id) REFERENCES interviews(id),
    CONSTRAINT interviewers_pkey PRIMARY KEY (interview_id, user_id),
    CONSTRAINT interviewers_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id)
);

CREATE TABLE interviews (
    id uuid NOT NULL,
    application_id uuid NOT NULL,
    person_id uuid NOT NULL,
    job_id uuid NOT NULL,
    stage_id text NOT NULL,
    edition text NOT NULL,
    kit text[] NOT NULL,
    starts_at timestamp with time zone NOT NULL,
    minutes integer DEFAULT 45 NOT NULL,
    place text DEFAULT ''::text NOT NULL,
    status text DEFAULT 'scheduled'::text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    created_by uuid,
    cancelled_at timestamp with time zone,
    cancelled_by uuid,
    cancel_reason text DEFAULT ''::text NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    CONSTRAINT interviews_application_id_fkey FOREIGN KEY (application_id) REFERENCES applications(id),
    CONSTRAINT interviews_cancelled CHECK (((status = 'cancelled'::text) = (cancelled_at IS NOT NULL))),
    CONSTRAINT interviews_job_id_fkey FOREIGN KEY (job_id) REFERENCES jobs(id),
    CONSTRAINT interviews_kit CHECK ((cardinality(kit) > 0)),
    CONSTRAINT interviews_minutes CHECK (((minutes >= 5) AND (minutes <= 480))),
    CONSTRAINT interviews_person_id_fkey FOREIGN KEY (person_id) REFERENCES people(id),
    CONSTRAINT interviews_pkey PRIMARY KEY (id),
    CONSTRAINT interviews_status CHECK ((status = ANY (ARRAY['scheduled'::text, 'done'::text, 'cancelled'::text])))
);

CREATE TABLE job_checks (
    job_id uuid NOT NULL,
    check_id text NOT NULL,
    due integer NOT NULL,
    done integer NOT NULL,
    CONSTRAINT job_checks_counts CHECK (((done >= 0) AND (done <= due))),
    CONSTRAINT job_checks_job_id_fkey FOREIGN KEY (job_id) REFERENCES jobs(id) ON DELETE CASCADE,
    CONSTRAINT job_checks_pkey PRIMARY KEY (job_id, check_id)
);

CREATE TABLE job_comparisons (
    job_id uuid NOT NULL,
    stale_since timestamp with time zone,
    compared_at timestamp with time zone,
    took interval DEFAULT '00:00:00'::interval NOT NULL,
    uneven integer DEFAULT 0 NOT NULL,
    CONSTRAINT job_comparisons_job_id_fkey FOREIGN KEY (job_id) REFERENCES jobs(id) ON DELETE CASCADE,
    CONSTRAINT job_comparisons_pkey PRIMARY KEY (job_id)
);

CREATE TABLE jobs (
    id uuid NOT NULL,
    number bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
    title text NOT NULL,
    level_id text NOT NULL,
    edition text NOT NULL,
    manager_id uuid NOT NULL,
    team text DEFAULT ''::text NOT NULL,
    notes text DEFAULT ''::text NOT NULL,
    status text DEFAULT 'open'::text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    created_by uuid,
    version integer DEFAULT 1 NOT NULL,
    CONSTRAINT jobs_manager_id_fkey FOREIGN KEY (manager_id) REFERENCES users(id),
    CONSTRAINT jobs_pkey PRIMARY KEY (id),
    CONSTRAINT jobs_status CHECK ((status = ANY (ARRAY['open'::text, 'closed'::text])))
);

CREATE TABLE legal_holds (
    id uuid NOT NULL,
    person_id uuid NOT NULL,
    case_id uuid,
    reason text NOT NULL,
    placed_at timestamp with time zone NOT NULL,
    placed_by uuid,
    lifted_at timestamp with time zone,
    lifted_by uuid,
    lift_reason text DEFAULT ''::text NOT NULL,
    CONSTRAINT legal_holds_case_id_fkey FOREIGN KEY (case_id) REFERENCES cases(id),
    CONSTRAINT legal_holds_lifted_by_fkey FOREIGN KEY (lifted_by) REFERENCES users(id),
    CONSTRAINT legal_holds_person_id_fkey FOREIGN KEY (person_id) REFERENCES people(id),
    CONSTRAINT legal_holds_pkey PRIMARY KEY (id),
    CONSTRAINT legal_holds_placed_by_fkey FOREIGN KEY (placed_by) REFERENCES users(id),
    CONSTRAINT legal_holds_reason CHECK ((reason <> ''::text))
);

CREATE TABLE opening_policy (
    one boolean DEFAULT true NOT NULL,
    reason_from text DEFAULT 'special'::text NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    CONSTRAINT opening_policy_one CHECK (one),
    CONSTRAINT opening_policy_pkey PRIMARY KEY (one),
    CONSTRAINT opening_policy_reason_from CHECK ((reason_from = ANY (ARRAY['normal'::text, 'personal'::text, 'special'::text, 'never'::text])))
);

CREATE TABLE opening_reasons (
    event_id uuid NOT NULL,
    person_id uuid NOT NULL,
    reason text NOT NULL,
    CONSTRAINT opening_reasons_event_id_fkey FOREIGN KEY (event_id) REFERENCES custody_events(id),
    CONSTRAINT opening_reasons_person_id_fkey FOREIGN KEY (person_id) REFERENCES people(id),
    CONSTRAINT opening_reasons_pkey PRIMARY KEY (event_id)
);

CREATE TABLE outcomes (
    person_id uuid NOT NULL,
    item_id text NOT NULL,
    origin_kind text NOT NULL,
    origin_id text NOT NULL,
    answer text NOT NULL,
    note text DEFAULT ''::text NOT NULL,
    count integer DEFAULT 1 NOT NULL,
    noted_at timestamp with time zone NOT NULL,
    noted_by uuid,
    CONSTRAINT outcomes_answer CHECK ((answer = ANY (ARRAY['clear'::text, 'concern'::text, 'red-flag'::text, 'not-done'::text, 'raised'::text]))),
    CONSTRAINT outcomes_origin CHECK ((origin_kind = ANY (ARRAY['answer'::text, 'check'::text, 'signal'::text]))),
    CONSTRAINT outcomes_person_id_fkey FOREIGN KEY (person_id) REFERENCES people(id),
    CONSTRAINT outcomes_pkey PRIMARY KEY (person_id, item_id, origin_kind, origin_id)
);

CREATE TABLE passkeys (
    id uuid NOT NULL,
    user_id uuid NOT NULL,
    name text NOT NULL,
    credential_id bytea NOT NULL,
    credential bytea NOT NULL,
    created_at timestamp with time zone NOT NULL,
    last_used_at timestamp with time zone,
    CONSTRAINT passkeys_pkey PRIMARY KEY (id),
    CONSTRAINT passkeys_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id)
);

CREATE TABLE payments (
    id uuid NOT NULL,
    person_id uuid NOT NULL,
    case_id uuid,
    pay_on date NOT NULL,
    amount numeric(20,8) NOT NULL,
    currency text NOT NULL,
    method text NOT NULL,
    destination text DEFAULT ''::text NOT NULL,
    state text NOT NULL,
    note text DEFAULT ''::text NOT NULL,
    explanation text DEFAULT ''::text NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    recorded_by uuid,
    version integer DEFAULT 1 NOT NULL,
    destination_sealed bytea,
    match_key text DEFAULT ''::text NOT NULL,
    CONSTRAINT payments_amount CHECK ((amount > (0)::numeric)),
    CONSTRAINT payments_case_id_fkey FOREIGN KEY (case_id) REFERENCES cases(id),
    CONSTRAINT payments_destination_sealed CHECK ((destination = ''::text)) NOT VALID,
    CONSTRAINT payments_person_id_fkey FOREIGN KEY (person_id) REFERENCES people(id),
    CONSTRAINT payments_pkey PRIMARY KEY (id),
    CONSTRAINT payments_state CHECK ((state = ANY (ARRAY['planned'::text, 'stopped'::text, 'paid'::text, 'recalled'::text, 'returned'::text])))
);

CREATE TABLE people (
    id uuid NOT NULL,
    number bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
    name text NOT NULL,
    location text DEFAULT ''::text NOT NULL,
    time_zone text DEFAULT ''::text NOT NULL,
    channel_id text DEFAULT ''::text NOT NULL,
    referrer_name text DEFAULT ''::text NOT NULL,
    referrer_id uuid,
    status text DEFAULT 'candidate'::text NOT NULL,
    application_id uuid,
    job_id uuid,
    job_title text DEFAULT ''::text NOT NULL,
    manager_id uuid,
    stage_id text DEFAULT ''::text NOT NULL,
    stage_since timestamp with time zone,
    awaited text[] DEFAULT '{}'::text[] NOT NULL,
    missing_checks text[] DEFAULT '{}'::text[] NOT NULL,
    missing smallint DEFAULT 0 NOT NULL,
    band text DEFAULT 'low'::text NOT NULL,
    score smallint DEFAULT 0 NOT NULL,
    coverage smallint DEFAULT 0 NOT NULL,
    open_flags smallint DEFAULT 0 NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    erased_at timestamp with time zone,
    CONSTRAINT people_band CHECK ((band = ANY (ARRAY['low'::text, 'elevated'::text, 'high'::text, 'critical'::text]))),
    CONSTRAINT people_coverage CHECK (((coverage >= 0) AND (coverage <= 100))),
    CONSTRAINT people_manager_id_fkey FOREIGN KEY (manager_id) REFERENCES users(id),
    CONSTRAINT people_pkey PRIMARY KEY (id),
    CONSTRAINT people_referrer_id_fkey FOREIGN KEY (referrer_id) REFERENCES people(id),
    CONSTRAINT people_score CHECK (((score >= 0) AND (score <= 100))),
    CONSTRAINT people_status CHECK ((status = ANY (ARRAY['candidate'::text, 'engaged'::text, 'former'::text, 'closed'::text, 'erased'::text])))
);

CREATE TABLE person_keys (
    person_id uuid NOT NULL,
    wrapped bytea,
    created_at timestamp with time zone NOT NULL,
    destroyed_at timestamp with time zone,
    CONSTRAINT person_keys_person_id_fkey FOREIGN KEY (person_id) REFERENCES people(id),
    CONSTRAINT person_keys_pkey PRIMARY KEY (person_id),
    CONSTRAINT person_keys_present CHECK (((wrapped IS NULL) = (destroyed_at IS NOT NULL)))
);

CREATE TABLE person_sheets (
    person_id uuid NOT NULL,
    changed xid8 DEFAULT pg_current_xact_id() NOT NULL,
    shape text DEFAULT ''::text NOT NULL,
    doc json,
    CONSTRAINT person_sheets_person_id_fkey FOREIGN KEY (person_id) REFERENCES people(id) ON DELETE CASCADE,
    CONSTRAINT person_sheets_pkey PRIMARY KEY (person_id)
);

CREATE TABLE recovery_codes (
    user_id uuid NOT NULL,
    code_hash bytea NOT NULL,
    CONSTRAINT recovery_codes_pkey PRIMARY KEY (user_id, code_hash),
    CONSTRAINT recovery_codes_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id)
);

CREATE TABLE retention_policy (
    one boolean DEFAULT true NOT NULL,
    automatic boolean DEFAULT false NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    CONSTRAINT retention_policy_one_check CHECK (one),
    CONSTRAINT retention_policy_pkey PRIMARY KEY (one)
);

CREATE TABLE retention_rules (
    outcome text NOT NULL,
    scope text NOT NULL,
    keep_days integer NOT NULL,
    CONSTRAINT retention_rules_days CHECK (((keep_days >= 1) AND (keep_days <= 36500))),
    CONSTRAINT retention_rules_outcome CHECK ((outcome = ANY (ARRAY['rejected'::text, 'withdrawn'::text, 'hired'::text, 'cleared'::text, 'confirmed'::text]))),
    CONSTRAINT retention_rules_pkey PRIMARY KEY (outcome, scope),
    CONSTRAINT retention_rules_scope CHECK ((scope = ANY (ARRAY['record'::text, 'evidence'::text])))
);

CREATE TABLE retention_runs (
    id uuid NOT NULL,
    asked_at timestamp with time zone NOT NULL,
    asked_by uuid,
    ended_at timestamp with time zone,
    at_person uuid,
    looked_at bigint DEFAULT 0 NOT NULL,
    erased bigint DEFAULT 0 NOT NULL,
    held bigint DEFAULT 0 NOT NULL,
    CONSTRAINT retention_runs_asked_by_fkey FOREIGN KEY (asked_by) REFERENCES users(id),
    CONSTRAINT retention_runs_pkey PRIMARY KEY (id)
);

CREATE TABLE saved_views (
    id uuid NOT NULL,
    owner_id uuid NOT NULL,
    page text NOT NULL,
    name text NOT NULL,
    query text DEFAULT ''::text NOT NULL,
    shared boolean DEFAULT false NOT NULL,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT saved_views_named CHECK ((name <> ''::text)),
    CONSTRAINT saved_views_owner_id_fkey FOREIGN KEY (owner_id) REFERENCES users(id),
    CONSTRAINT saved_views_pkey PRIMARY KEY (id)
);

CREATE TABLE scorecard_words (
    scorecard_id uuid NOT NULL,
    field text NOT NULL,
    words text NOT NULL,
    person_id uuid NOT NULL,
    CONSTRAINT scorecard_words_person_id_fkey FOREIGN KEY (person_id) REFERENCES people(id),
    CONSTRAINT scorecard_words_pkey PRIMARY KEY (scorecard_id, field),
    CONSTRAINT scorecard_words_scorecard_id_fkey FOREIGN KEY (scorecard_id) REFERENCES scorecards(id)
);

CREATE TABLE scorecards (
    id uuid NOT NULL,
    interview_id uuid NOT NULL,
    user_id uuid NOT NULL,
    number integer NOT NULL,
    answers jsonb NOT NULL,
    submitted_at timestamp with time zone NOT NULL,
    CONSTRAINT scorecards_from_one CHECK ((number >= 1)),
    CONSTRAINT scorecards_interview_id_user_id_fkey FOREIGN KEY (interview_id, user_id) REFERENCES interviewers(interview_id, user_id),
    CONSTRAINT scorecards_pkey PRIMARY KEY (id)
);

CREATE TABLE sessions (
    token_hash bytea NOT NULL,
    user_id uuid NOT NULL,
    data jsonb DEFAULT '{}'::jsonb NOT NULL,
    created_at timestamp with time zone NOT NULL,
    last_seen_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    ip text DEFAULT ''::text NOT NULL,
    user_agent text DEFAULT ''::text NOT NULL,
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    proved_at timestamp with time zone DEFAULT now() NOT NULL,
    factor_at timestamp with time zone,
    wrong_codes integer DEFAULT 0 NOT NULL,
    issuer text,
    subject text,
    provider_session text,
    id_token bytea,
    provider_factor boolean DEFAULT false NOT NULL,
    CONSTRAINT sessions_pkey PRIMARY KEY (token_hash),
    CONSTRAINT sessions_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id)
);

CREATE TABLE signal_batches (
    id uuid NOT NULL,
    token_id uuid,
    user_id uuid,
    received_at timestamp with time zone NOT NULL,
    lines integer NOT NULL,
    accepted integer NOT NULL,
    duplicates integer NOT NULL,
    rejected integer NOT NULL,
    unresolved integer DEFAULT 0 NOT NULL,
    names text[] DEFAULT '{}'::text[] NOT NULL,
    days date[] DEFAULT '{}'::date[] NOT NULL,
    day_kinds smallint[] DEFAULT '{}'::smallint[] NOT NULL,
    day_counts integer[] DEFAULT '{}'::integer[] NOT NULL,
    sources smallint[] DEFAULT '{}'::smallint[] NOT NULL,
    source_counts integer[] DEFAULT '{}'::integer[] NOT NULL,
    source_first timestamp with time zone[] DEFAULT '{}'::timestamp with time zone[] NOT NULL,
    source_last timestamp with time zone[] DEFAULT '{}'::timestamp with time zone[] NOT NULL,
    people uuid[] DEFAULT '{}'::uuid[] NOT NULL,
    person_kinds smallint[] DEFAULT '{}'::smallint[] NOT NULL,
    person_counts integer[] DEFAULT '{}'::integer[] NOT NULL,
    person_last timestamp with time zone[] DEFAULT '{}'::timestamp with time zone[] NOT NULL,
    person_sources smallint[] DEFAULT '{}'::smallint[] NOT NULL,
    taken_up_at timestamp with time zone,
    digest bytea,
    CONSTRAINT signal_batches_pkey PRIMARY KEY (id)
);

CREATE TABLE signal_days (
    day date NOT NULL,
    signal_id text NOT NULL,
    n bigint NOT NULL,
    CONSTRAINT signal_days_pkey PRIMARY KEY (day, signal_id)
);

CREATE TABLE signal_sources (
    source text NOT NULL,
    n bigint NOT NULL,
    first_at timestamp with time zone NOT NULL,
    last_at timestamp with time zone NOT NULL,
    CONSTRAINT signal_sources_pkey PRIMARY KEY (source)
);

CREATE TABLE signal_totals (
    person_id uuid NOT NULL,
    signal_id text NOT NULL,
    n bigint NOT NULL,
    noted bigint DEFAULT 0 NOT NULL,
    last_at timestamp with time zone NOT NULL,
    last_source text NOT NULL,
    CONSTRAINT signal_totals_pkey PRIMARY KEY (person_id, signal_id)
);

CREATE TABLE signals (
    id uuid NOT NULL,
    batch_id uuid NOT NULL,
    source text NOT NULL,
    external_id text NOT NULL,
    occurred_at timestamp with time zone NOT NULL,
    signal_id text NOT NULL,
    person_id uuid,
    engagement_id uuid,
    account text,
    detail jsonb DEFAULT '{}'::jsonb NOT NULL,
    CONSTRAINT signals_once UNIQUE (source, external_id, occurred_at)
) PARTITION BY RANGE (occurred_at);

CREATE TABLE sso_flows (
    state_hash bytea NOT NULL,
    browser_hash bytea NOT NULL,
    sealed bytea NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    CONSTRAINT sso_flows_pkey PRIMARY KEY (state_hash)
);

CREATE TABLE sso_groups (
    name text NOT NULL,
    role text NOT NULL,
    CONSTRAINT sso_groups_pkey PRIMARY KEY (name, role)
);

CREATE TABLE sso_logouts (
    issuer text NOT NULL,
    token_id text NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    CONSTRAINT sso_logouts_pkey PRIMARY KEY (issuer, token_id)
);

CREATE TABLE sso_rules (
    single boolean DEFAULT true NOT NULL,
    default_role text,
    creates boolean DEFAULT false NOT NULL,
    links boolean DEFAULT false NOT NULL,
    factor text DEFAULT 'ours'::text NOT NULL,
    acr text DEFAULT ''::text NOT NULL,
    passwords boolean DEFAULT true NOT NULL,
    break_glass uuid,
    version integer DEFAULT 1 NOT NULL,
    CONSTRAINT sso_rules_break_glass CHECK ((passwords OR (break_glass IS NOT NULL))),
    CONSTRAINT sso_rules_break_glass_fkey FOREIGN KEY (break_glass) REFERENCES users(id),
    CONSTRAINT sso_rules_factor CHECK ((factor = ANY (ARRAY['ours'::text, 'shown'::text, 'theirs'::text]))),
    CONSTRAINT sso_rules_pkey PRIMARY KEY (single),
    CONSTRAINT sso_rules_single CHECK (single)
);

CREATE TABLE tallies (
    figure text NOT NULL,
    a text NOT NULL,
    b text NOT NULL,
    n bigint NOT NULL,
    CONSTRAINT tallies_pkey PRIMARY KEY (figure, a, b)
);

CREATE TABLE tally_deltas (
    figure text NOT NULL,
    a text NOT NULL,
    b text NOT NULL,
    n bigint NOT NULL
);

CREATE TABLE tries (
    key bytea NOT NULL,
    full_at timestamp with time zone NOT NULL,
    CONSTRAINT tries_pkey PRIMARY KEY (key)
);

CREATE TABLE user_identities (
    issuer text NOT NULL,
    subject text NOT NULL,
    user_id uuid NOT NULL,
    follows boolean NOT NULL,
    linked_at timestamp with time zone NOT NULL,
    CONSTRAINT user_identities_pkey PRIMARY KEY (issuer, subject),
    CONSTRAINT user_identities_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id)
);

CREATE TABLE user_links (
    secret_hash bytea NOT NULL,
    user_id uuid NOT NULL,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    CONSTRAINT user_links_pkey PRIMARY KEY (secret_hash),
    CONSTRAINT user_links_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id)
);

CREATE TABLE users (
    id uuid NOT NULL,
    email text NOT NULL,
    name text NOT NULL,
    password_hash text,
    roles text[] NOT NULL,
    time_zone text DEFAULT 'UTC'::text NOT NULL,
    person_id uuid,
    created_at timestamp with time zone NOT NULL,
    disabled_at timestamp with time zone,
    version integer DEFAULT 1 NOT NULL,
    CONSTRAINT users_pkey PRIMARY KEY (id),
    CONSTRAINT users_roles CHECK ((cardinality(roles) > 0))
);

COMMENT ON TABLE access_grants IS 'What a person can reach. [person: person_id]';
COMMENT ON COLUMN access_grants.system IS 'facts';
COMMENT ON COLUMN access_grants.level IS 'facts';
COMMENT ON COLUMN access_grants.account IS 'personal: account name';
COMMENT ON COLUMN access_grants.note IS 'personal: what was noted';

COMMENT ON TABLE answers IS 'Answers to the checks of an interview, while they are written. [person: interview_id of interviews, deleted]';
COMMENT ON COLUMN answers.check_id IS 'facts';
COMMENT ON COLUMN answers.verdict IS 'facts';
COMMENT ON COLUMN answers.note IS 'personal: what was noted';

COMMENT ON TABLE api_tokens IS 'Tokens of machines.';
COMMENT ON COLUMN api_tokens.name IS 'staff: name of the token';
COMMENT ON COLUMN api_tokens.token_hash IS 'secret: token';
COMMENT ON COLUMN api_tokens.scopes IS 'facts';

COMMENT ON TABLE application_moves IS 'How applications moved through the stages. [person: application_id of applications]';
COMMENT ON COLUMN application_moves.from_stage IS 'facts';
COMMENT ON COLUMN application_moves.to_stage IS 'facts';
COMMENT ON COLUMN application_moves.reason IS 'personal: why';

COMMENT ON TABLE applications IS 'Candidates for a job. [person: person_id]';
COMMENT ON COLUMN applications.edition IS 'facts';
COMMENT ON COLUMN applications.stage_id IS 'facts';
COMMENT ON COLUMN applications.status IS 'facts';
COMMENT ON COLUMN applications.ended_reason IS 'personal: why hiring ended';

COMMENT ON TABLE assessment_moves IS 'When a person moved from one band to another. [person: person_id, deleted]';
COMMENT ON COLUMN assessment_moves.from_band IS 'facts';
COMMENT ON COLUMN assessment_moves.to_band IS 'facts';
COMMENT ON COLUMN assessment_moves.cause IS 'facts';

COMMENT ON TABLE assessments IS 'Band, score and coverage of a person, with their reasons. [person: person_id, deleted]';
COMMENT ON COLUMN assessments.edition IS 'facts';
COMMENT ON COLUMN assessments.band IS 'facts';
COMMENT ON COLUMN assessments.claims IS 'personal: standing of each claim';
COMMENT ON COLUMN assessments.reasons IS 'personal: what the score is made of';
COMMENT ON COLUMN assessments.next IS 'personal: checks that would settle most';

COMMENT ON TABLE audit_checkpoints IS 'Signed checkpoints of the audit log.';
COMMENT ON COLUMN audit_checkpoints.root IS 'facts';
COMMENT ON COLUMN audit_checkpoints.note IS 'facts';

COMMENT ON TABLE audit_entries IS 'The audit log: ids, counts and states. [person: person_id]';
COMMENT ON COLUMN audit_entries.actor_kind IS 'facts';
COMMENT ON COLUMN audit_entries.actor_label IS 'facts';
COMMENT ON COLUMN audit_entries.action IS 'facts';
COMMENT ON COLUMN audit_entries.subject_kind IS 'facts';
COMMENT ON COLUMN audit_entries.subject_id IS 'facts';
COMMENT ON COLUMN audit_entries.detail IS 'facts';
COMMENT ON COLUMN audit_entries.commitments IS 'facts';

COMMENT ON TABLE audit_hash_runs IS 'The tree over the audit log.';
COMMENT ON COLUMN audit_hash_runs.hashes IS 'facts';

COMMENT ON TABLE audit_leaves IS 'Which entry of the audit log is which leaf of the tree.';

COMMENT ON TABLE audit_values IS 'Personal values of entries of the audit log. The entries keep commitments to them. [person: entry_id of audit_entries, deleted]';
COMMENT ON COLUMN audit_values.field IS 'facts';
COMMENT ON COLUMN audit_values.salt IS 'facts';
COMMENT ON COLUMN audit_values.old IS 'personal: value before';
COMMENT ON COLUMN audit_values.new IS 'personal: value after';

COMMENT ON TABLE authenticators IS 'Authenticator apps.';
COMMENT ON COLUMN authenticators.secret IS 'secret: shared secret, encrypted';

COMMENT ON TABLE case_members IS 'Who works on a case. [person: case_id of cases]';
COMMENT ON COLUMN case_members.function IS 'facts';
COMMENT ON COLUMN case_members.sees IS 'facts';

COMMENT ON TABLE case_notes IS 'Notes in a case. [person: case_id of cases, deleted]';
COMMENT ON COLUMN case_notes.step_id IS 'facts';
COMMENT ON COLUMN case_notes.body IS 'personal: what was noted';

COMMENT ON TABLE case_openings IS 'Who opened a sealed case, and why. [person: case_id of cases, deleted]';
COMMENT ON COLUMN case_openings.reason IS 'personal: why a case was opened';

COMMENT ON TABLE case_sheets IS 'What the page of a case reads, repeated from other tables. [person: case_id of cases]';
COMMENT ON COLUMN case_sheets.shape IS 'facts';
COMMENT ON COLUMN case_sheets.doc IS 'copy: what other tables hold';

COMMENT ON TABLE case_steps IS 'The playbook of a case. [person: case_id of cases]';
COMMENT ON COLUMN case_steps.step_id IS 'facts';
COMMENT ON COLUMN case_steps.state IS 'facts';
COMMENT ON COLUMN case_steps.owner_role IS 'facts';
COMMENT ON COLUMN case_steps.note IS 'personal: what was noted';
COMMENT ON COLUMN case_steps.override_reason IS 'personal: why it was done out of order or left out';

COMMENT ON TABLE case_timeline IS 'What happened in a case. [person: case_id of cases]';
COMMENT ON COLUMN case_timeline.kind IS 'facts';
COMMENT ON COLUMN case_timeline.text IS 'personal: what happened';
COMMENT ON COLUMN case_timeline.step_id IS 'facts';

COMMENT ON TABLE cases IS 'Incident cases. That there was one, its steps and its outcome stay. [person: person_id]';
COMMENT ON COLUMN cases.code_name IS 'facts';
COMMENT ON COLUMN cases.edition IS 'facts';
COMMENT ON COLUMN cases.status IS 'facts';
COMMENT ON COLUMN cases.phase IS 'facts';
COMMENT ON COLUMN cases.reason IS 'personal: why it was opened';
COMMENT ON COLUMN cases.outcome IS 'facts';
COMMENT ON COLUMN cases.outcome_reason IS 'personal: why it ended so';
COMMENT ON COLUMN cases.lessons IS 'personal: what was learned';

COMMENT ON TABLE claims IS 'What people say of themselves. [person: person_id, deleted]';
COMMENT ON COLUMN claims.kind IS 'facts';
COMMENT ON COLUMN claims.claim_id IS 'facts';
COMMENT ON COLUMN claims.value IS 'personal: what was claimed, such as an address, a telephone number or an employer';
COMMENT ON COLUMN claims.match_key IS 'personal: the same in one form, for comparing';
COMMENT ON COLUMN claims.detail IS 'personal: more of the claim';
COMMENT ON COLUMN claims.source IS 'personal: where the claim was made';
COMMENT ON COLUMN claims.sealed IS 'personal: what the person says of a payment, encrypted under their data key';

COMMENT ON TABLE custody_events IS 'Every touch of evidence. [person: evidence_id of evidence_items]';
COMMENT ON COLUMN custody_events.actor_label IS 'facts';
COMMENT ON COLUMN custody_events.action IS 'facts';
COMMENT ON COLUMN custody_events.detail IS 'facts';
COMMENT ON COLUMN custody_events.address IS 'staff: network address of whoever did it';

COMMENT ON TABLE dossier_entries IS 'What was collected about the subject of a case. [person: case_id of cases, deleted]';
COMMENT ON COLUMN dossier_entries.field_id IS 'facts';
COMMENT ON COLUMN dossier_entries.value IS 'personal: what was found';
COMMENT ON COLUMN dossier_entries.source IS 'personal: where';
COMMENT ON COLUMN dossier_entries.sealed IS 'personal: the value of a special field, encrypted under the data key of the subject';
COMMENT ON COLUMN dossier_entries.match_key IS 'personal: keyed hash of a special value that may link people';

COMMENT ON TABLE dossier_gaps IS 'Why a field of the dossier is empty. [person: case_id of cases, deleted]';
COMMENT ON COLUMN dossier_gaps.field_id IS 'facts';
COMMENT ON COLUMN dossier_gaps.reason IS 'personal: why';

COMMENT ON TABLE engagement_accounts IS 'Accounts by which signals find a hired person. [person: engagement_id of engagements, deleted]';
COMMENT ON COLUMN engagement_accounts.system IS 'facts';
COMMENT ON COLUMN engagement_accounts.account IS 'personal: account name';

COMMENT ON TABLE engagements IS 'Contracts of hired people. [person: person_id]';
COMMENT ON COLUMN engagements.kind IS 'facts';
COMMENT ON COLUMN engagements.title IS 'personal: role';
COMMENT ON COLUMN engagements.device IS 'personal: device';
COMMENT ON COLUMN engagements.device_serial IS 'personal: its serial number';

COMMENT ON TABLE erasures IS 'What was erased, when, by whom, on what basis. [person: person_id]';
COMMENT ON COLUMN erasures.scope IS 'facts';
COMMENT ON COLUMN erasures.basis IS 'facts';

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
COMMENT ON COLUMN evidence_items.facts IS 'facts';

COMMENT ON TABLE evidence_links IS 'What evidence is attached to. [person: evidence_id of evidence_items]';
COMMENT ON COLUMN evidence_links.subject_kind IS 'facts';
COMMENT ON COLUMN evidence_links.subject_id IS 'facts';

COMMENT ON TABLE evidence_malware IS 'What a scanner for malware said of a file. [person: evidence_id of evidence_items]';
COMMENT ON COLUMN evidence_malware.state IS 'facts';
COMMENT ON COLUMN evidence_malware.name IS 'facts';

COMMENT ON TABLE evidence_scans IS 'When evidence was last read through. [person: evidence_id of evidence_items]';
COMMENT ON COLUMN evidence_scans.result IS 'facts';

COMMENT ON TABLE factor_roles IS 'Roles that need a second factor.';
COMMENT ON COLUMN factor_roles.role IS 'facts';

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

COMMENT ON TABLE gate_overrides IS 'Missing checks that were let pass. [person: application_id of applications]';
COMMENT ON COLUMN gate_overrides.check_id IS 'facts';
COMMENT ON COLUMN gate_overrides.stage_id IS 'facts';
COMMENT ON COLUMN gate_overrides.reason IS 'personal: why';

COMMENT ON TABLE installation IS 'Facts about this installation.';
COMMENT ON COLUMN installation.name IS 'facts';
COMMENT ON COLUMN installation.value IS 'facts';

COMMENT ON TABLE installation_keys IS 'The keys of the installation, wrapped by the root key.';
COMMENT ON COLUMN installation_keys.key_id IS 'facts';
COMMENT ON COLUMN installation_keys.root_id IS 'facts';
COMMENT ON COLUMN installation_keys.wrapped IS 'secret: key of the installation, wrapped';

COMMENT ON TABLE interviewers IS 'Who interviews. [person: interview_id of interviews]';

COMMENT ON TABLE interviews IS 'Interviews. [person: person_id]';
COMMENT ON COLUMN interviews.stage_id IS 'facts';
COMMENT ON COLUMN interviews.edition IS 'facts';
COMMENT ON COLUMN interviews.kit IS 'facts';
COMMENT ON COLUMN interviews.place IS 'personal: place or address of the call';
COMMENT ON COLUMN interviews.status IS 'facts';
COMMENT ON COLUMN interviews.cancel_reason IS 'personal: why it was cancelled';

COMMENT ON TABLE job_checks IS 'How evenly a job''s candidates were checked.';
COMMENT ON COLUMN job_checks.check_id IS 'facts';

COMMENT ON TABLE job_comparisons IS 'When a job''s candidates were last compared.';

COMMENT ON TABLE jobs IS 'Jobs.';
COMMENT ON COLUMN jobs.title IS 'facts';
COMMENT ON COLUMN jobs.level_id IS 'facts';
COMMENT ON COLUMN jobs.edition IS 'facts';
COMMENT ON COLUMN jobs.team IS 'facts';
COMMENT ON COLUMN jobs.notes IS 'staff: notes about the job';
COMMENT ON COLUMN jobs.status IS 'facts';

COMMENT ON TABLE legal_holds IS 'Holds that stop erasing. [person: person_id, withheld]';
COMMENT ON COLUMN legal_holds.reason IS 'personal: why';
COMMENT ON COLUMN legal_holds.lift_reason IS 'personal: why it was lifted';

COMMENT ON TABLE opening_policy IS 'Where opening evidence asks for a reason.';
COMMENT ON COLUMN opening_policy.reason_from IS 'facts';

COMMENT ON TABLE opening_reasons IS 'Why evidence was opened. [person: person_id, deleted]';
COMMENT ON COLUMN opening_reasons.reason IS 'personal: why evidence was opened';

COMMENT ON TABLE outcomes IS 'What checks and signals said of a person. [person: person_id, deleted]';
COMMENT ON COLUMN outcomes.item_id IS 'facts';
COMMENT ON COLUMN outcomes.origin_kind IS 'facts';
COMMENT ON COLUMN outcomes.origin_id IS 'facts';
COMMENT ON COLUMN outcomes.answer IS 'facts';
COMMENT ON COLUMN outcomes.note IS 'personal: what was noted';

COMMENT ON TABLE passkeys IS 'Passkeys.';
COMMENT ON COLUMN passkeys.name IS 'staff: name of the passkey';
COMMENT ON COLUMN passkeys.credential_id IS 'staff: id of the passkey';
COMMENT ON COLUMN passkeys.credential IS 'secret: public key, encrypted';

COMMENT ON TABLE payments IS 'Money sent or planned. [person: person_id]';
COMMENT ON COLUMN payments.currency IS 'facts';
COMMENT ON COLUMN payments.method IS 'facts';
COMMENT ON COLUMN payments.destination IS 'personal: bank account or wallet';
COMMENT ON COLUMN payments.state IS 'facts';
COMMENT ON COLUMN payments.note IS 'personal: what was noted';
COMMENT ON COLUMN payments.explanation IS 'personal: why it was paid';
COMMENT ON COLUMN payments.destination_sealed IS 'personal: account, wallet or platform, encrypted under the data key of the person';
COMMENT ON COLUMN payments.match_key IS 'personal: keyed hash of the account or wallet';

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

COMMENT ON TABLE recovery_codes IS 'Recovery codes.';
COMMENT ON COLUMN recovery_codes.code_hash IS 'secret: code';

COMMENT ON TABLE retention_policy IS 'How the retention rules are applied.';

COMMENT ON TABLE retention_rules IS 'How long data of each kind of outcome is kept.';
COMMENT ON COLUMN retention_rules.outcome IS 'facts';
COMMENT ON COLUMN retention_rules.scope IS 'facts';

COMMENT ON TABLE retention_runs IS 'Runs of the retention rules.';

COMMENT ON TABLE saved_views IS 'Filters that users keep.';
COMMENT ON COLUMN saved_views.page IS 'facts';
COMMENT ON COLUMN saved_views.name IS 'staff: name of the view';
COMMENT ON COLUMN saved_views.query IS 'staff: the filter, which may search for a name';

COMMENT ON TABLE scorecard_words IS 'The words of submitted answers. [person: person_id, deleted]';
COMMENT ON COLUMN scorecard_words.field IS 'facts';
COMMENT ON COLUMN scorecard_words.words IS 'personal: what was noted';

COMMENT ON TABLE scorecards IS 'Submitted answers, without their words. [person: interview_id of interviews]';
COMMENT ON COLUMN scorecards.answers IS 'facts';

COMMENT ON TABLE sessions IS 'Login sessions. They go when they end.';
COMMENT ON COLUMN sessions.token_hash IS 'secret: session';
COMMENT ON COLUMN sessions.data IS 'secret: what the session was asked';
COMMENT ON COLUMN sessions.ip IS 'staff: network address';
COMMENT ON COLUMN sessions.user_agent IS 'staff: browser';
COMMENT ON COLUMN sessions.issuer IS 'facts';
COMMENT ON COLUMN sessions.subject IS 'staff: the name by which a sign-in provider knows somebody';
COMMENT ON COLUMN sessions.provider_session IS 'secret: session at the provider';
COMMENT ON COLUMN sessions.id_token IS 'secret: what a sign-in provider says of somebody, encrypted';

COMMENT ON TABLE signal_batches IS 'Requests that brought signals: counts and ids.';
COMMENT ON COLUMN signal_batches.names IS 'facts';
COMMENT ON COLUMN signal_batches.digest IS 'facts';

COMMENT ON TABLE signal_days IS 'Signals a day.';
COMMENT ON COLUMN signal_days.signal_id IS 'facts';

COMMENT ON TABLE signal_sources IS 'Sources of signals.';
COMMENT ON COLUMN signal_sources.source IS 'facts';

COMMENT ON TABLE signal_totals IS 'How many signals of each kind there are about a person. [person: person_id, deleted]';
COMMENT ON COLUMN signal_totals.signal_id IS 'facts';
COMMENT ON COLUMN signal_totals.last_source IS 'facts';

COMMENT ON TABLE signals IS 'Telemetry about engagements. [person: person_id, deleted]';
COMMENT ON COLUMN signals.source IS 'facts';
COMMENT ON COLUMN signals.external_id IS 'personal: name of the event at its source';
COMMENT ON COLUMN signals.signal_id IS 'facts';
COMMENT ON COLUMN signals.account IS 'personal: account it is about';
COMMENT ON COLUMN signals.detail IS 'personal: what was seen';

COMMENT ON TABLE sso_flows IS 'Sign-ins by a provider that are under way.';
COMMENT ON COLUMN sso_flows.state_hash IS 'secret: of the way there and back';
COMMENT ON COLUMN sso_flows.browser_hash IS 'secret: of the browser';
COMMENT ON COLUMN sso_flows.sealed IS 'secret: a form that waits for its sender to show who they are, encrypted';

COMMENT ON TABLE sso_groups IS 'Roles by group of the provider.';
COMMENT ON COLUMN sso_groups.name IS 'facts';
COMMENT ON COLUMN sso_groups.role IS 'facts';

COMMENT ON TABLE sso_logouts IS 'Logout tokens that were taken.';
COMMENT ON COLUMN sso_logouts.issuer IS 'facts';
COMMENT ON COLUMN sso_logouts.token_id IS 'facts';

COMMENT ON TABLE sso_rules IS 'Rules about signing in by a provider.';
COMMENT ON COLUMN sso_rules.default_role IS 'facts';
COMMENT ON COLUMN sso_rules.factor IS 'facts';
COMMENT ON COLUMN sso_rules.acr IS 'facts';

COMMENT ON TABLE tallies IS 'Counts for dashboards.';
COMMENT ON COLUMN tallies.figure IS 'facts';
COMMENT ON COLUMN tallies.a IS 'facts';
COMMENT ON COLUMN tallies.b IS 'facts';

COMMENT ON TABLE tally_deltas IS 'Counts not yet folded in.';
COMMENT ON COLUMN tally_deltas.figure IS 'facts';
COMMENT ON COLUMN tally_deltas.a IS 'facts';
COMMENT ON COLUMN tally_deltas.b IS 'facts';

COMMENT ON TABLE tries IS 'How often something was tried of late, and when each key has all of its tries back.';
COMMENT ON COLUMN tries.key IS 'secret: keyed hash of an address, an account or a browser';

COMMENT ON TABLE user_identities IS 'By which name a sign-in provider knows a user.';
COMMENT ON COLUMN user_identities.issuer IS 'facts';
COMMENT ON COLUMN user_identities.subject IS 'staff: the name by which a sign-in provider knows somebody';

COMMENT ON TABLE user_links IS 'Links to choose a password.';
COMMENT ON COLUMN user_links.secret_hash IS 'secret: link';

COMMENT ON TABLE users IS 'Accounts of Gatehouse''s users. [person: person_id]';
COMMENT ON COLUMN users.email IS 'staff: address';
COMMENT ON COLUMN users.name IS 'staff: name';
COMMENT ON COLUMN users.password_hash IS 'secret: password';
COMMENT ON COLUMN users.roles IS 'facts';
COMMENT ON COLUMN users.time_zone IS 'staff: time zone';

CREATE INDEX access_grants_case ON public.access_grants USING btree (case_id, listed_at);

CREATE INDEX access_grants_person ON public.access_grants USING btree (person_id);

CREATE UNIQUE INDEX api_tokens_hash ON public.api_tokens USING btree (token_hash);

CREATE INDEX application_moves_application ON public.application_moves USING btree (application_id, at);

CREATE UNIQUE INDEX applications_active_once ON public.applications USING btree (person_id, job_id) WHERE (status = 'active'::text);

CREATE INDEX applications_aside ON public.applications USING btree (job_id) WHERE aside;

CREATE INDEX applications_job ON public.applications USING btree (job_id, status);

CREATE INDEX applications_person ON public.applications USING btree (person_id, applied_at DESC);

CREATE INDEX applications_stage ON public.applications USING btree (stage_id, stage_since) WHERE (status = 'active'::text);

CREATE INDEX assessment_moves_band ON public.assessment_moves USING btree (at DESC) WHERE (from_band <> to_band);

CREATE INDEX assessment_moves_person ON public.assessment_moves USING btree (person_id, at DESC);

CREATE INDEX audit_entries_actor ON public.audit_entries USING btree (actor_id, id DESC) WHERE (actor_id IS NOT NULL);

CREATE INDEX audit_entries_case ON public.audit_entries USING btree (case_id, id DESC) WHERE (case_id IS NOT NULL);

CREATE INDEX audit_entries_made ON public.audit_entries USING btree (subject_id, id DESC) WHERE (action = ANY (ARRAY['application.added'::text, 'engagement.begun'::text, 'engagement.ended'::text, 'signal.recorded'::text]));

CREATE INDEX audit_entries_person ON public.audit_entries USING btree (person_id, id DESC) WHERE (person_id IS NOT NULL);

CREATE INDEX audit_entries_recent ON public.audit_entries USING btree (at DESC, id DESC);

CREATE INDEX audit_entries_subject ON public.audit_entries USING brin (subject_kind text_bloom_ops (n_distinct_per_range='16'), subject_id text_bloom_ops) WITH (pages_per_range='32', autosummarize='on');

CREATE INDEX audit_entries_system ON public.audit_entries USING btree (at DESC, id DESC) WHERE ((subject_kind = ANY (ARRAY['user'::text, 'token'::text, 'session'::text, 'system'::text, 'installation'::text])) AND (person_id IS NULL) AND (case_id IS NULL));

CREATE INDEX case_members_user ON public.case_members USING btree (user_id) WHERE (removed_at IS NULL);

CREATE INDEX case_notes_case ON public.case_notes USING btree (case_id, written_at DESC, id DESC);

CREATE INDEX case_openings_member ON public.case_openings USING btree (case_id, user_id, until DESC);

CREATE INDEX case_steps_due ON public.case_steps USING btree (due_at) WHERE (state = 'open'::text);

CREATE INDEX case_steps_open ON public.case_steps USING btree (case_id, due_at) INCLUDE (step_id, owner_role, owner_id) WHERE (state = 'open'::text);

CREATE INDEX case_steps_owner ON public.case_steps USING btree (owner_id) WHERE (state = 'open'::text);

CREATE INDEX case_timeline_case ON public.case_timeline USING btree (case_id, at DESC, id DESC);

CREATE UNIQUE INDEX cases_code_name ON public.cases USING btree (lower(code_name));

CREATE INDEX cases_person ON public.cases USING btree (person_id);

CREATE INDEX cases_recent ON public.cases USING btree (opened_at DESC, id DESC);

CREATE INDEX claims_match ON public.claims USING btree (match_key) WHERE ((match_key <> ''::text) AND (retired_at IS NULL));

CREATE INDEX claims_person ON public.claims USING btree (person_id, kind, made_at);

CREATE INDEX custody_events_item ON public.custody_events USING btree (evidence_id, id);

CREATE INDEX dossier_entries_case ON public.dossier_entries USING btree (case_id, field_id);

CREATE INDEX dossier_entries_match ON public.dossier_entries USING btree (match_key) WHERE ((match_key <> ''::text) AND (removed_at IS NULL));

CREATE INDEX engagement_accounts_lookup ON public.engagement_accounts USING btree (lower(account));

CREATE INDEX engagements_person ON public.engagements USING btree (person_id, started_on DESC);

CREATE INDEX engagements_started ON public.engagements USING btree (started_on DESC, id DESC);

CREATE INDEX erasures_person ON public.erasures USING btree (person_id);

CREATE INDEX erasures_recent ON public.erasures USING btree (erased_at DESC, id DESC);

CREATE INDEX evidence_items_case ON public.evidence_items USING btree (case_id, collected_at DESC) WHERE (case_id IS NOT NULL);

CREATE INDEX evidence_items_person ON public.evidence_items USING btree (person_id, collected_at DESC, id DESC);

CREATE INDEX evidence_items_to_delete ON public.evidence_items USING btree (id) WHERE ((erased_at IS NOT NULL) AND (blob_key IS NOT NULL));

CREATE INDEX evidence_links_steps ON public.evidence_links USING btree (subject_id COLLATE "C") WHERE (subject_kind = 'step'::text);

CREATE INDEX evidence_links_subject ON public.evidence_links USING btree (subject_kind, subject_id);

CREATE INDEX evidence_malware_found ON public.evidence_malware USING btree (evidence_id) WHERE (state = 'found'::text);

CREATE INDEX evidence_malware_next ON public.evidence_malware USING btree (next_at);

CREATE INDEX evidence_scans_altered ON public.evidence_scans USING btree (evidence_id) WHERE (result = 'altered'::text);

CREATE INDEX evidence_scans_at ON public.evidence_scans USING btree (at);

CREATE INDEX flags_confirmed ON public.flags USING btree (disposed_at DESC, id DESC) WHERE ((state = 'confirmed'::text) AND (withdrawn_at IS NULL) AND (strength = ANY (ARRAY['strong'::text, 'decisive'::text])));

CREATE INDEX flags_item_open ON public.flags USING btree (item_id) WHERE ((state <> 'explained'::text) AND (withdrawn_at IS NULL));

CREATE UNIQUE INDEX flags_origin_once ON public.flags USING btree (person_id, item_id, origin_kind, origin_id);

CREATE INDEX flags_person ON public.flags USING btree (person_id, raised_at DESC);

CREATE INDEX flags_waiting ON public.flags USING btree (raised_at, id) WHERE ((state = 'open'::text) AND (answer <> 'concern'::text) AND (withdrawn_at IS NULL) AND (NOT rests));

CREATE INDEX flags_waiting_grave ON public.flags USING btree (raised_at, id) WHERE ((state = 'open'::text) AND (answer <> 'concern'::text) AND (withdrawn_at IS NULL) AND (NOT rests) AND (strength = ANY (ARRAY['decisive'::text, 'strong'::text])));

CREATE INDEX gate_overrides_check ON public.gate_overrides USING btree (check_id, overridden_at DESC, application_id DESC);

CREATE INDEX interviewers_owed ON public.interviewers USING btree (user_id, interview_id) WHERE (submitted_at IS NULL);

CREATE INDEX interviewers_user ON public.interviewers USING btree (user_id);

CREATE INDEX interviews_application ON public.interviews USING btree (application_id, starts_at);

CREATE INDEX interviews_person ON public.interviews USING btree (person_id, starts_at DESC);

CREATE INDEX interviews_starts ON public.interviews USING btree (starts_at DESC, id DESC);

CREATE INDEX job_comparisons_stale ON public.job_comparisons USING btree (stale_since) WHERE (stale_since IS NOT NULL);

CREATE INDEX job_comparisons_uneven ON public.job_comparisons USING btree (uneven DESC, job_id) WHERE (uneven > 0);

CREATE INDEX jobs_manager ON public.jobs USING btree (manager_id);

CREATE INDEX jobs_status_recent ON public.jobs USING btree (status, created_at DESC, id DESC);

CREATE INDEX jobs_title_search ON public.jobs USING gin (lower(title) gin_trgm_ops);

CREATE UNIQUE INDEX legal_holds_one_a_case ON public.legal_holds USING btree (case_id) WHERE (lifted_at IS NULL);

CREATE UNIQUE INDEX legal_holds_one_a_person ON public.legal_holds USING btree (person_id) WHERE ((case_id IS NULL) AND (lifted_at IS NULL));

CREATE INDEX legal_holds_person ON public.legal_holds USING btree (person_id);

CREATE INDEX opening_reasons_person ON public.opening_reasons USING btree (person_id);

CREATE UNIQUE INDEX passkeys_credential ON public.passkeys USING btree (credential_id);

CREATE INDEX passkeys_user ON public.passkeys USING btree (user_id);

CREATE INDEX payments_case ON public.payments USING btree (case_id, pay_on DESC, id DESC);

CREATE INDEX payments_match ON public.payments USING btree (match_key) WHERE (match_key <> ''::text);

CREATE INDEX payments_person ON public.payments USING btree (person_id);

CREATE INDEX people_band_recent ON public.people USING btree (band, updated_at DESC, id DESC);

CREATE INDEX people_blocked ON public.people USING btree (stage_since, id) WHERE ((status = 'candidate'::text) AND (missing > 0));

CREATE INDEX people_blocked_manager ON public.people USING btree (manager_id, stage_since, id) WHERE ((status = 'candidate'::text) AND (missing > 0));

CREATE INDEX people_board ON public.people USING btree (stage_id, updated_at DESC, id DESC) WHERE (status = 'candidate'::text);

CREATE INDEX people_flagged ON public.people USING btree (updated_at DESC, id DESC) WHERE (open_flags > 0);

CREATE INDEX people_job ON public.people USING btree (job_id, updated_at DESC, id DESC);

CREATE INDEX people_manager ON public.people USING btree (manager_id, updated_at DESC, id DESC);

CREATE INDEX people_name ON public.people USING btree (lower(name), id);

CREATE INDEX people_name_search ON public.people USING gin (lower(name) gin_trgm_ops);

CREATE UNIQUE INDEX people_number ON public.people USING btree (number);

CREATE INDEX people_recent ON public.people USING btree (updated_at DESC, id DESC) INCLUDE (number, name, status, job_title, stage_id, stage_since, missing, band, score, coverage, open_flags, channel_id);

CREATE INDEX people_referrer ON public.people USING btree (referrer_id) WHERE (referrer_id IS NOT NULL);

CREATE INDEX people_referrer_name ON public.people USING btree (lower(referrer_name)) WHERE (referrer_name <> ''::text);

CREATE INDEX people_stage ON public.people USING btree (stage_id, band, updated_at DESC, id DESC);

CREATE INDEX people_status_recent ON public.people USING btree (status, updated_at DESC, id DESC);

CREATE UNIQUE INDEX retention_runs_one_at_a_time ON public.retention_runs USING btree ((true)) WHERE (ended_at IS NULL);

CREATE INDEX retention_runs_recent ON public.retention_runs USING btree (asked_at DESC, id DESC);

CREATE UNIQUE INDEX saved_views_name ON public.saved_views USING btree (owner_id, page, lower(name));

CREATE INDEX saved_views_shared ON public.saved_views USING btree (page) WHERE shared;

CREATE INDEX scorecard_words_person ON public.scorecard_words USING btree (person_id);

CREATE UNIQUE INDEX scorecards_number ON public.scorecards USING btree (interview_id, user_id, number);

CREATE INDEX sessions_expiry ON public.sessions USING btree (expires_at);

CREATE UNIQUE INDEX sessions_id ON public.sessions USING btree (id);

CREATE INDEX sessions_provider ON public.sessions USING btree (issuer, subject) WHERE (issuer IS NOT NULL);

CREATE INDEX sessions_user ON public.sessions USING btree (user_id);

CREATE INDEX signal_batches_digest ON public.signal_batches USING btree (digest, token_id) WHERE (digest IS NOT NULL);

CREATE INDEX signal_batches_waiting ON public.signal_batches USING btree (id) WHERE (taken_up_at IS NULL);

CREATE INDEX signal_totals_due ON public.signal_totals USING btree (person_id) WHERE (noted < n);

CREATE INDEX signals_kind ON ONLY public.signals USING btree (signal_id, occurred_at DESC, id DESC);

CREATE INDEX signals_person ON ONLY public.signals USING btree (person_id, occurred_at DESC);

CREATE INDEX signals_recent ON ONLY public.signals USING btree (occurred_at DESC, id DESC);

CREATE INDEX signals_unresolved ON ONLY public.signals USING btree (occurred_at DESC, id DESC) WHERE (person_id IS NULL);

CREATE INDEX sso_flows_expiry ON public.sso_flows USING btree (expires_at);

CREATE INDEX tries_full ON public.tries USING btree (full_at);

CREATE UNIQUE INDEX user_identities_user ON public.user_identities USING btree (user_id, issuer);

CREATE INDEX user_links_user ON public.user_links USING btree (user_id);

CREATE UNIQUE INDEX users_email ON public.users USING btree (lower(email));

CREATE TRIGGER forget_case AFTER INSERT OR DELETE OR UPDATE ON public.access_grants FOR EACH ROW EXECUTE FUNCTION forget_case_of_row();

CREATE TRIGGER forget_person AFTER INSERT OR DELETE OR UPDATE ON public.applications FOR EACH ROW EXECUTE FUNCTION forget_person_of_row();

CREATE TRIGGER assessment_moves_tally_delete AFTER DELETE ON public.assessment_moves REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION tally_moves();

CREATE TRIGGER assessment_moves_tally_insert AFTER INSERT ON public.assessment_moves REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION tally_moves();

CREATE TRIGGER forget_person AFTER INSERT OR DELETE OR UPDATE ON public.assessments FOR EACH ROW EXECUTE FUNCTION forget_person_of_row();

CREATE TRIGGER audit_checkpoints_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON public.audit_checkpoints FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TRIGGER audit_entries_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON public.audit_entries FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TRIGGER audit_hash_runs_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON public.audit_hash_runs FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TRIGGER audit_leaves_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON public.audit_leaves FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TRIGGER audit_values_no_rewrite BEFORE UPDATE ON public.audit_values FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TRIGGER authenticators_told AFTER INSERT OR DELETE OR UPDATE OF confirmed_at ON public.authenticators FOR EACH STATEMENT EXECUTE FUNCTION sessions_changed();

CREATE TRIGGER forget_case AFTER INSERT OR DELETE OR UPDATE ON public.case_members FOR EACH ROW EXECUTE FUNCTION forget_case_of_row();

CREATE TRIGGER forget_case AFTER INSERT OR DELETE OR UPDATE ON public.case_notes FOR EACH ROW EXECUTE FUNCTION forget_case_of_row();

CREATE TRIGGER forget_case AFTER INSERT OR DELETE OR UPDATE ON public.case_steps FOR EACH ROW EXECUTE FUNCTION forget_case_of_row();

CREATE TRIGGER sheet AFTER INSERT ON public.cases FOR EACH ROW EXECUTE FUNCTION new_case_sheet();

CREATE TRIGGER forget_person AFTER INSERT OR DELETE OR UPDATE ON public.claims FOR EACH ROW EXECUTE FUNCTION forget_person_of_row();

CREATE TRIGGER custody_events_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON public.custody_events FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TRIGGER forget_case AFTER INSERT OR DELETE OR UPDATE ON public.dossier_entries FOR EACH ROW EXECUTE FUNCTION forget_case_of_row();

CREATE TRIGGER forget_case AFTER INSERT OR DELETE OR UPDATE ON public.dossier_gaps FOR EACH ROW EXECUTE FUNCTION forget_case_of_row();

CREATE TRIGGER forget_case AFTER INSERT OR DELETE OR UPDATE ON public.engagements FOR EACH ROW EXECUTE FUNCTION forget_cases_of_person();

CREATE TRIGGER forget_case AFTER INSERT OR DELETE OR UPDATE ON public.evidence_items FOR EACH ROW EXECUTE FUNCTION forget_case_of_row();

CREATE TRIGGER forget_person AFTER INSERT OR DELETE OR UPDATE ON public.evidence_items FOR EACH ROW EXECUTE FUNCTION forget_person_of_row();

CREATE TRIGGER forget AFTER INSERT OR DELETE OR UPDATE ON public.evidence_links FOR EACH ROW EXECUTE FUNCTION forget_of_evidence_link();

CREATE TRIGGER factor_roles_told AFTER INSERT OR DELETE OR UPDATE ON public.factor_roles FOR EACH STATEMENT EXECUTE FUNCTION sessions_changed();

CREATE TRIGGER flags_tally_delete AFTER DELETE ON public.flags REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION tally_flags();

CREATE TRIGGER flags_tally_insert AFTER INSERT ON public.flags REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION tally_flags();

CREATE TRIGGER flags_tally_update AFTER UPDATE ON public.flags FOR EACH ROW WHEN (((((((old.item_id IS DISTINCT FROM new.item_id) OR (old.answer IS DISTINCT FROM new.answer)) OR (old.state IS DISTINCT FROM new.state)) OR (old.raised_at IS DISTINCT FROM new.raised_at)) OR (old.withdrawn_at IS DISTINCT FROM new.withdrawn_at)) OR (old.rests IS DISTINCT FROM new.rests))) EXECUTE FUNCTION tally_flag_change();

CREATE TRIGGER forget_person AFTER INSERT OR DELETE OR UPDATE ON public.flags FOR EACH ROW EXECUTE FUNCTION forget_person_of_row();

CREATE TRIGGER forget_person AFTER INSERT OR DELETE OR UPDATE ON public.gate_overrides FOR EACH ROW EXECUTE FUNCTION forget_of_application();

CREATE TRIGGER gate_overrides_tally_delete AFTER DELETE ON public.gate_overrides REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION tally_overrides();

CREATE TRIGGER gate_overrides_tally_insert AFTER INSERT ON public.gate_overrides REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION tally_overrides();

CREATE TRIGGER forget_person AFTER INSERT OR DELETE ON public.interviews FOR EACH ROW EXECUTE FUNCTION forget_person_of_row();

CREATE TRIGGER forget_people AFTER UPDATE ON public.jobs FOR EACH ROW WHEN ((old.level_id <> new.level_id)) EXECUTE FUNCTION forget_of_job();

CREATE TRIGGER forget_person AFTER INSERT OR DELETE OR UPDATE ON public.outcomes FOR EACH ROW EXECUTE FUNCTION forget_person_of_row();

CREATE TRIGGER passkeys_told AFTER INSERT OR DELETE ON public.passkeys FOR EACH STATEMENT EXECUTE FUNCTION sessions_changed();

CREATE TRIGGER forget_case AFTER INSERT OR DELETE OR UPDATE ON public.payments FOR EACH ROW EXECUTE FUNCTION forget_case_of_row();

CREATE TRIGGER forget_referred AFTER INSERT ON public.people FOR EACH ROW WHEN ((new.referrer_id IS NOT NULL)) EXECUTE FUNCTION forget_cases_of_referrer();

CREATE TRIGGER forget_rereferred AFTER UPDATE ON public.people FOR EACH ROW WHEN ((old.referrer_id IS DISTINCT FROM new.referrer_id)) EXECUTE FUNCTION forget_cases_of_referrer();

CREATE TRIGGER people_tally_delete AFTER DELETE ON public.people REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION tally_people();

CREATE TRIGGER people_tally_insert AFTER INSERT ON public.people REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION tally_people();

CREATE TRIGGER people_tally_update AFTER UPDATE ON public.people FOR EACH ROW WHEN (((((((((old.status IS DISTINCT FROM new.status) OR (old.stage_id IS DISTINCT FROM new.stage_id)) OR (old.stage_since IS DISTINCT FROM new.stage_since)) OR (old.channel_id IS DISTINCT FROM new.channel_id)) OR (old.band IS DISTINCT FROM new.band)) OR (old.coverage IS DISTINCT FROM new.coverage)) OR (old.missing_checks IS DISTINCT FROM new.missing_checks)) OR (old.job_id IS DISTINCT FROM new.job_id))) EXECUTE FUNCTION tally_person_change();

CREATE TRIGGER sheet AFTER INSERT ON public.people FOR EACH ROW EXECUTE FUNCTION new_person_sheet();

CREATE TRIGGER scorecard_words_no_rewrite BEFORE UPDATE ON public.scorecard_words FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TRIGGER scorecards_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON public.scorecards FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TRIGGER sessions_told AFTER DELETE OR UPDATE OF token_hash, expires_at, proved_at, factor_at ON public.sessions FOR EACH STATEMENT EXECUTE FUNCTION sessions_changed();

CREATE TRIGGER sso_rules_told AFTER UPDATE ON public.sso_rules FOR EACH STATEMENT EXECUTE FUNCTION sessions_changed();

CREATE TRIGGER forget_member AFTER UPDATE ON public.users FOR EACH ROW WHEN (((old.name <> new.name) OR (old.email <> new.email))) EXECUTE FUNCTION forget_cases_of_member();

CREATE TRIGGER users_told AFTER DELETE OR UPDATE ON public.users FOR EACH STATEMENT EXECUTE FUNCTION sessions_changed();

CREATE OR REPLACE FUNCTION public.flag_figures(item_id text, answer text, state text, raised_at timestamp with time zone, withdrawn_at timestamp with time zone, rests boolean)
 RETURNS TABLE(figure text, a text, b text)
 LANGUAGE sql
 STABLE
AS $function$
    SELECT 'waiting', to_char(raised_at AT TIME ZONE 'UTC', 'YYYY-MM-DD'), ''
    WHERE  state = 'open' AND answer <> 'concern' AND withdrawn_at IS NULL AND NOT rests
    UNION  ALL
    SELECT 'finding', item_id, answer
    WHERE  state <> 'explained' AND withdrawn_at IS NULL
$function$
;

CREATE OR REPLACE FUNCTION public.forget_case_of_row()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
    PERFORM forget_cases(ARRAY[OLD.case_id, NEW.case_id]);
    RETURN NULL;
END $function$
;

CREATE OR REPLACE FUNCTION public.forget_cases(uuid[])
 RETURNS void
 LANGUAGE sql
AS $function$
    UPDATE case_sheets SET doc = NULL, changed = pg_current_xact_id()
    WHERE  case_id = ANY ($1) AND (doc IS NOT NULL OR changed <> pg_current_xact_id())
$function$
;

CREATE OR REPLACE FUNCTION public.forget_cases_of_member()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
    PERFORM forget_cases(ARRAY(SELECT case_id FROM case_members WHERE user_id = NEW.id));
    RETURN NULL;
END $function$
;

CREATE OR REPLACE FUNCTION public.forget_cases_of_person()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
    PERFORM forget_cases(ARRAY(SELECT id FROM cases WHERE person_id IN (OLD.person_id, NEW.person_id)));
    RETURN NULL;
END $function$
;

CREATE OR REPLACE FUNCTION public.forget_cases_of_referrer()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
    PERFORM forget_cases(ARRAY(SELECT id FROM cases WHERE person_id IN (OLD.referrer_id, NEW.referrer_id)));
    RETURN NULL;
END $function$
;

CREATE OR REPLACE FUNCTION public.forget_of_application()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
    PERFORM forget_people(ARRAY(SELECT person_id FROM applications WHERE id IN (OLD.application_id, NEW.application_id)));
    RETURN NULL;
END $function$
;

CREATE OR REPLACE FUNCTION public.forget_of_evidence_link()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
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
END $function$
;

CREATE OR REPLACE FUNCTION public.forget_of_job()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
    PERFORM forget_people(ARRAY(SELECT person_id FROM applications WHERE job_id = NEW.id));
    RETURN NULL;
END $function$
;

CREATE OR REPLACE FUNCTION public.forget_people(uuid[])
 RETURNS void
 LANGUAGE sql
AS $function$
    UPDATE person_sheets SET doc = NULL, changed = pg_current_xact_id()
    WHERE  person_id = ANY ($1) AND (doc IS NOT NULL OR changed <> pg_current_xact_id())
$function$
;

CREATE OR REPLACE FUNCTION public.forget_person_of_row()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
    PERFORM forget_people(ARRAY[OLD.person_id, NEW.person_id]);
    RETURN NULL;
END $function$
;

CREATE OR REPLACE FUNCTION public.new_case_sheet()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
    INSERT INTO case_sheets (case_id) VALUES (NEW.id);
    RETURN NULL;
END $function$
;

CREATE OR REPLACE FUNCTION public.new_person_sheet()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
    INSERT INTO person_sheets (person_id) VALUES (NEW.id);
    RETURN NULL;
END $function$
;

CREATE OR REPLACE FUNCTION public.person_figures(status text, stage_id text, stage_since timestamp with time zone, channel_id text, band text, coverage smallint, missing_checks text[])
 RETURNS TABLE(figure text, a text, b text)
 LANGUAGE sql
 STABLE
AS $function$
    SELECT f.figure, f.a, f.b
    FROM   (VALUES ('stage', stage_id, band),
                   ('channel', channel_id, band),
                   ('coverage', CASE WHEN coverage < 40 THEN 'thin' WHEN coverage < 75 THEN 'partial' ELSE 'known' END, band),
                   ('since', coalesce(to_char(stage_since AT TIME ZONE 'UTC', 'YYYY-MM-DD'), ''), band)) f (figure, a, b)
    WHERE  status = 'candidate'
    UNION  ALL
    SELECT 'missing', need, '' FROM unnest(missing_checks) need WHERE status = 'candidate'
$function$
;

CREATE OR REPLACE FUNCTION public.refuse_change()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
END $function$
;

CREATE OR REPLACE FUNCTION public.sessions_changed()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
    PERFORM pg_notify('gatehouse_sessions', '');
    RETURN NULL;
END $function$
;

CREATE OR REPLACE FUNCTION public.tally_flag_change()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
    INSERT INTO tally_deltas (figure, a, b, n)
    SELECT figure, a, b, sum(n)
    FROM   (SELECT figure, a, b, -1 AS n FROM flag_figures(OLD.item_id, OLD.answer, OLD.state, OLD.raised_at, OLD.withdrawn_at, OLD.rests)
            UNION  ALL
            SELECT figure, a, b, 1 FROM flag_figures(NEW.item_id, NEW.answer, NEW.state, NEW.raised_at, NEW.withdrawn_at, NEW.rests)) f
    GROUP  BY figure, a, b
    HAVING sum(n) <> 0;
    RETURN NULL;
END $function$
;

CREATE OR REPLACE FUNCTION public.tally_flags()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
DECLARE sign int := CASE TG_OP WHEN 'INSERT' THEN 1 ELSE -1 END;
BEGIN
    INSERT INTO tally_deltas (figure, a, b, n)
    SELECT f.figure, f.a, f.b, sign * count(*)
    FROM   changed c, flag_figures(c.item_id, c.answer, c.state, c.raised_at, c.withdrawn_at, c.rests) f
    GROUP  BY f.figure, f.a, f.b;
    RETURN NULL;
END $function$
;

CREATE OR REPLACE FUNCTION public.tally_moves()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
DECLARE sign int := CASE TG_OP WHEN 'INSERT' THEN 1 ELSE -1 END;
BEGIN
    INSERT INTO tally_deltas (figure, a, b, n)
    SELECT 'move', to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD'), from_band || '>' || to_band, sign * count(*)
    FROM   changed
    WHERE  from_band <> to_band
    GROUP  BY 2, 3;
    RETURN NULL;
END $function$
;

CREATE OR REPLACE FUNCTION public.tally_overrides()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
DECLARE sign int := CASE TG_OP WHEN 'INSERT' THEN 1 ELSE -1 END;
BEGIN
    INSERT INTO tally_deltas (figure, a, b, n)
    SELECT 'override', check_id, '', sign * count(*) FROM changed GROUP BY check_id;
    RETURN NULL;
END $function$
;

CREATE OR REPLACE FUNCTION public.tally_people()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
DECLARE sign int := CASE TG_OP WHEN 'INSERT' THEN 1 ELSE -1 END;
BEGIN
    INSERT INTO tally_deltas (figure, a, b, n)
    SELECT f.figure, f.a, f.b, sign * count(*)
    FROM   changed p, person_figures(p.status, p.stage_id, p.stage_since, p.channel_id, p.band, p.coverage, p.missing_checks) f
    GROUP  BY f.figure, f.a, f.b
    UNION  ALL
    SELECT DISTINCT 'job', job_id::text, '', 0 FROM changed WHERE job_id IS NOT NULL;
    RETURN NULL;
END $function$
;

CREATE OR REPLACE FUNCTION public.tally_person_change()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
    INSERT INTO tally_deltas (figure, a, b, n)
    SELECT figure, a, b, sum(n)
    FROM   (SELECT figure, a, b, -1 AS n
            FROM   person_figures(OLD.status, OLD.stage_id, OLD.stage_since, OLD.channel_id, OLD.band, OLD.coverage, OLD.missing_checks)
            UNION  ALL
            SELECT figure, a, b, 1
            FROM   person_figures(NEW.status, NEW.stage_id, NEW.stage_since, NEW.channel_id, NEW.band, NEW.coverage, NEW.missing_checks)) f
    GROUP  BY figure, a, b
    HAVING sum(n) <> 0
    UNION  ALL
    SELECT 'job', NEW.job_id::text, '', 0 WHERE NEW.job_id IS NOT NULL;
    RETURN NULL;
END $function$
;
