-- +goose Up
-- A flag on somebody whose application ended without a hire waits for nobody: it rests. It stays on the record, can be
-- answered, and waits again if the application is reopened. The mark lies in the flag's own row, so that counting what
-- waits, which every page does, looks at no people, and the tallies follow from one row.
ALTER TABLE flags ADD COLUMN rests boolean NOT NULL DEFAULT false;

-- +goose StatementBegin
DROP FUNCTION flag_figures(text, text, text, timestamptz, timestamptz);
CREATE FUNCTION flag_figures(item_id text, answer text, state text, raised_at timestamptz, withdrawn_at timestamptz, rests boolean)
RETURNS TABLE (figure text, a text, b text) LANGUAGE sql STABLE AS $$
    SELECT 'waiting', to_char(raised_at AT TIME ZONE 'UTC', 'YYYY-MM-DD'), ''
    WHERE  state = 'open' AND answer <> 'concern' AND withdrawn_at IS NULL AND NOT rests
    UNION  ALL
    SELECT 'finding', item_id, answer
    WHERE  state <> 'explained' AND withdrawn_at IS NULL
$$;

CREATE OR REPLACE FUNCTION tally_flags() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE sign int := CASE TG_OP WHEN 'INSERT' THEN 1 ELSE -1 END;
BEGIN
    INSERT INTO tally_deltas (figure, a, b, n)
    SELECT f.figure, f.a, f.b, sign * count(*)
    FROM   changed c, flag_figures(c.item_id, c.answer, c.state, c.raised_at, c.withdrawn_at, c.rests) f
    GROUP  BY f.figure, f.a, f.b;
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION tally_flag_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO tally_deltas (figure, a, b, n)
    SELECT figure, a, b, sum(n)
    FROM   (SELECT figure, a, b, -1 AS n FROM flag_figures(OLD.item_id, OLD.answer, OLD.state, OLD.raised_at, OLD.withdrawn_at, OLD.rests)
            UNION  ALL
            SELECT figure, a, b, 1 FROM flag_figures(NEW.item_id, NEW.answer, NEW.state, NEW.raised_at, NEW.withdrawn_at, NEW.rests)) f
    GROUP  BY figure, a, b
    HAVING sum(n) <> 0;
    RETURN NULL;
END $$;
-- +goose StatementEnd

DROP TRIGGER flags_tally_update ON flags;
CREATE TRIGGER flags_tally_update AFTER UPDATE ON flags FOR EACH ROW
    WHEN ((OLD.item_id, OLD.answer, OLD.state, OLD.raised_at, OLD.withdrawn_at, OLD.rests)
          IS DISTINCT FROM (NEW.item_id, NEW.answer, NEW.state, NEW.raised_at, NEW.withdrawn_at, NEW.rests))
    EXECUTE FUNCTION tally_flag_change();

UPDATE flags f SET rests = true FROM people p WHERE p.id = f.person_id AND p.status = 'closed';
UPDATE people SET open_flags = 0 WHERE status = 'closed' AND open_flags > 0;

DROP INDEX flags_waiting;
CREATE INDEX flags_waiting ON flags (raised_at, id)
    WHERE state = 'open' AND answer <> 'concern' AND withdrawn_at IS NULL AND NOT rests;

-- +goose Down
UPDATE people p
SET    open_flags = (SELECT count(*) FROM flags f
                     WHERE  f.person_id = p.id AND f.state = 'open' AND f.answer <> 'concern' AND f.withdrawn_at IS NULL)
WHERE  p.status = 'closed';
UPDATE flags SET rests = false WHERE rests;
DROP INDEX flags_waiting;
CREATE INDEX flags_waiting ON flags (raised_at, id) WHERE state = 'open' AND answer <> 'concern' AND withdrawn_at IS NULL;
DROP TRIGGER flags_tally_update ON flags;
CREATE TRIGGER flags_tally_update AFTER UPDATE ON flags FOR EACH ROW
    WHEN ((OLD.item_id, OLD.answer, OLD.state, OLD.raised_at, OLD.withdrawn_at)
          IS DISTINCT FROM (NEW.item_id, NEW.answer, NEW.state, NEW.raised_at, NEW.withdrawn_at))
    EXECUTE FUNCTION tally_flag_change();

-- +goose StatementBegin
DROP FUNCTION flag_figures(text, text, text, timestamptz, timestamptz, boolean);
CREATE FUNCTION flag_figures(item_id text, answer text, state text, raised_at timestamptz, withdrawn_at timestamptz)
RETURNS TABLE (figure text, a text, b text) LANGUAGE sql STABLE AS $$
    SELECT 'waiting', to_char(raised_at AT TIME ZONE 'UTC', 'YYYY-MM-DD'), ''
    WHERE  state = 'open' AND answer <> 'concern' AND withdrawn_at IS NULL
    UNION  ALL
    SELECT 'finding', item_id, answer
    WHERE  state <> 'explained' AND withdrawn_at IS NULL
$$;

CREATE OR REPLACE FUNCTION tally_flags() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE sign int := CASE TG_OP WHEN 'INSERT' THEN 1 ELSE -1 END;
BEGIN
    INSERT INTO tally_deltas (figure, a, b, n)
    SELECT f.figure, f.a, f.b, sign * count(*)
    FROM   changed c, flag_figures(c.item_id, c.answer, c.state, c.raised_at, c.withdrawn_at) f
    GROUP  BY f.figure, f.a, f.b;
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION tally_flag_change() RETURNS trigger LANGUAGE plpgsql AS $$
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
-- +goose StatementEnd
ALTER TABLE flags DROP COLUMN rests;
