-- +goose Up
-- Where whoever touched an item did it from. Old events do not say.
ALTER TABLE custody_events ADD COLUMN address text NOT NULL DEFAULT '';
COMMENT ON COLUMN custody_events.address IS 'staff: network address of whoever did it';

-- +goose Down
ALTER TABLE custody_events DROP COLUMN address;
