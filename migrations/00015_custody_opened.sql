-- +goose Up
-- Opening the page of an item is a touch too: it shows what the item is, if not what it holds.
ALTER TABLE custody_events DROP CONSTRAINT custody_events_action;
ALTER TABLE custody_events ADD CONSTRAINT custody_events_action CHECK (action IN (
    'collected', 'attached', 'opened', 'viewed', 'downloaded', 'verified', 'exported', 'erased'));

-- +goose Down
ALTER TABLE custody_events DROP CONSTRAINT custody_events_action;
ALTER TABLE custody_events ADD CONSTRAINT custody_events_action CHECK (action IN (
    'collected', 'attached', 'viewed', 'downloaded', 'verified', 'exported', 'erased')) NOT VALID;
