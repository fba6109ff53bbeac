//go:build !linux || !(amd64 || arm64)

package preview

import "errors"

// Confined says whether a worker can be confined on this system. Where it cannot there are no previews.
const Confined = false

// memory is how much a worker would have.
const memory = 768 << 20

func confine() error { return errors.New("a worker cannot be confined on this system") }
