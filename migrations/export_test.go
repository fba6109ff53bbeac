package migrations

// UpWith is Up with migrations of a test's own.
var UpWith = up
