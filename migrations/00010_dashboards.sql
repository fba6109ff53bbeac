-- +goose Up
-- What the dashboards read. Counting at the moment of reading would cost more with every person, so the counts are
-- kept: triggers append what a statement changed to tally_deltas, where nobody waits for anybody, and background work
-- folds the deltas into tallies. A reader adds both up in one snapshot, so a folded and an unfolded count are the same.
--
-- figure    a                          b               counts
-- stage     stage                      band            people in hiring
-- channel   channel                    band            people in hiring
-- coverage  thin, partial, known       band            people in hiring
-- since     day of the last move       band            people in hiring
-- missing   required check             ''              people in hiring whose next stage waits for the check
-- override  required check             ''              gates passed without the check
-- waiting   day the flag was raised    ''              flags that wait for a disposition
-- finding   check or signal            answer          flags that are neither explained nor withdrawn
-- move      day                        from>to         changes of band
-- job       job                        ''              nothing: a mark that the job's checks are to be compared again
CREATE TABLE tallies (
    figure text NOT NULL,
    a      text NOT NULL,
    b      text NOT NULL,
    n      bigint NOT NULL,
    PRIMARY KEY (figure, a, b)
);
CREATE TABLE tally_deltas (
    figure text NOT NULL,
    a      text NOT NULL,
    b      text NOT NULL,
    n      bigint NOT NULL
);
-- The table is short and turns over all the time: it must be swept often, or reading it means reading its dead rows.
ALTER TABLE tally_deltas SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000,
                              autovacuum_vacuum_insert_threshold = -1, autovacuum_analyze_threshold = 1000000);

-- Where a person is counted. Coverage is cut where the pages change how they draw a band (40 and 75 %).
-- +goose StatementBegin
CREATE FUNCTION person_figures(status text, stage_id text, stage_since timestamptz, channel_id text, band text,
                               coverage smallint, missing_checks text[])
RETURNS TABLE (figure text, a text, b text) LANGUAGE sql STABLE AS $$
    SELECT f.figure, f.a, f.b
    FROM   (VALUES ('stage', stage_id, band),
                   ('channel', channel_id, band),
                   ('coverage', CASE WHEN coverage < 40 THEN 'thin' WHEN coverage < 75 THEN 'partial' ELSE 'known' END, band),
                   ('since', coalesce(to_char(stage_since AT TIME ZONE 'UTC', 'YYYY-MM-DD'), ''), band)) f (figure, a, b)
    WHERE  status = 'candidate'
    UNION  ALL
    SELECT 'missing', need, '' FROM unnest(missing_checks) need WHERE status = 'candidate'
$$;

CREATE FUNCTION tally_people() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE sign int := CASE TG_OP WHEN 'INSERT' THEN 1 ELSE -1 END;
BEGIN
    INSERT INTO tally_deltas (figure, a, b, n)
    SELECT f.figure, f.a, f.b, sign * count(*)
    FROM   changed p, person_figures(p.status, p.stage_id, p.stage_since, p.channel_id, p.band, p.coverage, p.missing_checks) f
    GROUP  BY f.figure, f.a, f.b
    UNION  ALL
    SELECT DISTINCT 'job', job_id::text, '', 0 FROM changed WHERE job_id IS NOT NULL;
    RETURN NULL;
END $$;

CREATE FUNCTION tally_person_change() RETURNS trigger LANGUAGE plpgsql AS $$
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
END $$;

CREATE FUNCTION flag_figures(item_id text, answer text, state text, raised_at timestamptz, withdrawn_at timestamptz)
RETURNS TABLE (figure text, a text, b text) LANGUAGE sql STABLE AS $$
    SELECT 'waiting', to_char(raised_at AT TIME ZONE 'UTC', 'YYYY-MM-DD'), ''
    WHERE  state = 'open' AND answer <> 'concern' AND withdrawn_at IS NULL
    UNION  ALL
    SELECT 'finding', item_id, answer
    WHERE  state <> 'explained' AND withdrawn_at IS NULL
$$;

CREATE FUNCTION tally_flags() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE sign int := CASE TG_OP WHEN 'INSERT' THEN 1 ELSE -1 END;
BEGIN
    INSERT INTO tally_deltas (figure, a, b, n)
    SELECT f.figure, f.a, f.b, sign * count(*)
    FROM   changed c, flag_figures(c.item_id, c.answer, c.state, c.raised_at, c.withdrawn_at) f
    GROUP  BY f.figure, f.a, f.b;
    RETURN NULL;
END $$;

CREATE FUNCTION tally_flag_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO tally_deltas (figure, a, b, n)
    SELECT figure, a, b, sum(n)
    FROM   (SELECT figure, a, b, -1 AS n FROM flag_figures(OLD.item_id, OLD.answer, OLD.state, OLD.raised_at, OLD.withdrawn_at)
            UNION  ALL
            SELECT figure, a, b, 1 FROM flag_figures(NEW.item_id, NEW.answer, NEW.state, NEW.raised_at, NEW.withdrawn_at)) f
    GROUP  BY figure, a, b
    HAVING sum(n) <> 0;
    RETURN NULL;
END $$;

CREATE FUNCTION tally_moves() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE sign int := CASE TG_OP WHEN 'INSERT' THEN 1 ELSE -1 END;
BEGIN
    INSERT INTO tally_deltas (figure, a, b, n)
    SELECT 'move', to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD'), from_band || '>' || to_band, sign * count(*)
    FROM   changed
    WHERE  from_band <> to_band
    GROUP  BY 2, 3;
    RETURN NULL;
END $$;

CREATE FUNCTION tally_overrides() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE sign int := CASE TG_OP WHEN 'INSERT' THEN 1 ELSE -1 END;
BEGIN
    INSERT INTO tally_deltas (figure, a, b, n)
    SELECT 'override', check_id, '', sign * count(*) FROM changed GROUP BY check_id;
    RETURN NULL;
END $$;
-- +goose StatementEnd

-- Loading and removing rows is counted once per statement, however many they are. A change is counted per row, and
-- only where it moves a count: most updates of a person do not reach the function at all.
CREATE TRIGGER people_tally_insert AFTER INSERT ON people REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION tally_people();
CREATE TRIGGER people_tally_delete AFTER DELETE ON people REFERENCING OLD TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION tally_people();
CREATE TRIGGER people_tally_update AFTER UPDATE ON people FOR EACH ROW
    WHEN ((OLD.status, OLD.stage_id, OLD.stage_since, OLD.channel_id, OLD.band, OLD.coverage, OLD.missing_checks, OLD.job_id)
          IS DISTINCT FROM
          (NEW.status, NEW.stage_id, NEW.stage_since, NEW.channel_id, NEW.band, NEW.coverage, NEW.missing_checks, NEW.job_id))
    EXECUTE FUNCTION tally_person_change();

CREATE TRIGGER flags_tally_insert AFTER INSERT ON flags REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION tally_flags();
CREATE TRIGGER flags_tally_delete AFTER DELETE ON flags REFERENCING OLD TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION tally_flags();
CREATE TRIGGER flags_tally_update AFTER UPDATE ON flags FOR EACH ROW
    WHEN ((OLD.item_id, OLD.answer, OLD.state, OLD.raised_at, OLD.withdrawn_at)
          IS DISTINCT FROM (NEW.item_id, NEW.answer, NEW.state, NEW.raised_at, NEW.withdrawn_at))
    EXECUTE FUNCTION tally_flag_change();

CREATE TRIGGER assessment_moves_tally_insert AFTER INSERT ON assessment_moves REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION tally_moves();
CREATE TRIGGER assessment_moves_tally_delete AFTER DELETE ON assessment_moves REFERENCING OLD TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION tally_moves();
CREATE TRIGGER gate_overrides_tally_insert AFTER INSERT ON gate_overrides REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION tally_overrides();
CREATE TRIGGER gate_overrides_tally_delete AFTER DELETE ON gate_overrides REFERENCING OLD TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION tally_overrides();

-- Whether the candidates of a job got the same checks: of those who went past the stage in which the check was due,
-- how many there are and how many were asked. Compared again, in the background, after the job's people changed.
CREATE TABLE job_checks (
    job_id   uuid NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    check_id text NOT NULL,
    due      int NOT NULL,
    done     int NOT NULL,
    PRIMARY KEY (job_id, check_id),
    CONSTRAINT job_checks_counts CHECK (done BETWEEN 0 AND due)
);
-- stale_since: since when the job's people have changed; took: how long comparing took, so that a large job is not
-- compared all the time; uneven: how many checks were given to some and not to all.
CREATE TABLE job_comparisons (
    job_id      uuid PRIMARY KEY REFERENCES jobs (id) ON DELETE CASCADE,
    stale_since timestamptz,
    compared_at timestamptz,
    took        interval NOT NULL DEFAULT '0',
    uneven      int NOT NULL DEFAULT 0
);
CREATE INDEX job_comparisons_stale ON job_comparisons (stale_since) WHERE stale_since IS NOT NULL;
CREATE INDEX job_comparisons_uneven ON job_comparisons (uneven DESC, job_id) WHERE uneven > 0;

-- A filter that somebody gave a name, for themselves or for all who may open the page. The query is the page's own:
-- a view shows nothing that its reader would not see anyway.
CREATE TABLE saved_views (
    id         uuid PRIMARY KEY,
    owner_id   uuid NOT NULL REFERENCES users (id),
    page       text NOT NULL,
    name       text NOT NULL CONSTRAINT saved_views_named CHECK (name <> ''),
    query      text NOT NULL DEFAULT '',
    shared     boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL
);
CREATE UNIQUE INDEX saved_views_name ON saved_views (owner_id, page, lower(name));
CREATE INDEX saved_views_shared ON saved_views (page) WHERE shared;

-- What Today and the audit log look for.
CREATE INDEX people_blocked ON people (stage_since, id) WHERE status = 'candidate' AND missing > 0;
CREATE INDEX people_blocked_manager ON people (manager_id, stage_since, id) WHERE status = 'candidate' AND missing > 0;
CREATE INDEX flags_confirmed ON flags (disposed_at DESC, id DESC)
    WHERE state = 'confirmed' AND withdrawn_at IS NULL AND strength IN ('strong', 'decisive');
CREATE INDEX gate_overrides_check ON gate_overrides (check_id, overridden_at DESC, application_id DESC);
CREATE INDEX jobs_title_search ON jobs USING gin (lower(title) gin_trgm_ops);
CREATE INDEX audit_entries_recent ON audit_entries (at DESC, id DESC);

-- +goose Down
DROP INDEX audit_entries_recent;
DROP INDEX jobs_title_search;
DROP INDEX gate_overrides_check;
DROP INDEX flags_confirmed;
DROP INDEX people_blocked_manager;
DROP INDEX people_blocked;
DROP TABLE saved_views;
DROP TABLE job_comparisons;
DROP TABLE job_checks;
DROP TRIGGER gate_overrides_tally_delete ON gate_overrides;
DROP TRIGGER gate_overrides_tally_insert ON gate_overrides;
DROP TRIGGER assessment_moves_tally_delete ON assessment_moves;
DROP TRIGGER assessment_moves_tally_insert ON assessment_moves;
DROP TRIGGER flags_tally_update ON flags;
DROP TRIGGER flags_tally_delete ON flags;
DROP TRIGGER flags_tally_insert ON flags;
DROP TRIGGER people_tally_update ON people;
DROP TRIGGER people_tally_delete ON people;
DROP TRIGGER people_tally_insert ON people;
DROP FUNCTION tally_overrides();
DROP FUNCTION tally_moves();
DROP FUNCTION tally_flag_change();
DROP FUNCTION tally_flags();
DROP FUNCTION flag_figures(text, text, text, timestamptz, timestamptz);
DROP FUNCTION tally_person_change();
DROP FUNCTION tally_people();
DROP FUNCTION person_figures(text, text, timestamptz, text, text, smallint, text[]);
DROP TABLE tally_deltas;
DROP TABLE tallies;
