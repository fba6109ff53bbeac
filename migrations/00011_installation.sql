-- +goose Up
-- What an installation must not forget about itself, such as which key wraps its people's keys. A value is written
-- once and stays.
CREATE TABLE installation (
    name  text PRIMARY KEY,
    value text NOT NULL
);

-- +goose Down
DROP TABLE installation;
