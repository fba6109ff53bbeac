package preview

// Confine lets a test's own worker try what a confined process can still do.
var Confine = confine
