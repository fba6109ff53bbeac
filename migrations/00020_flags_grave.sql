-- +goose Up
-- Decisive and strong flags come first on everybody's day, however many others wait.
CREATE INDEX flags_waiting_grave ON flags (raised_at, id)
    WHERE state = 'open' AND answer <> 'concern' AND withdrawn_at IS NULL AND NOT rests AND strength IN ('decisive', 'strong');

-- +goose Down
DROP INDEX flags_waiting_grave;
