package preview

import "golang.org/x/sys/unix"

// arch is the architecture whose system calls the filter knows.
const arch = unix.AUDIT_ARCH_X86_64
