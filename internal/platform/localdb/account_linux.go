package localdb

import "syscall"

// childAttributes puts the child into its own process group, so that a Ctrl-C
// in the terminal reaches only us and we stop the database last; makes it the
// other user, if it is one; and asks the kernel to shut the server down in an
// orderly way (SIGINT) when the thread that started it dies, however it dies.
func childAttributes(a account) *syscall.SysProcAttr {
	attr := &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGINT}
	if a.other {
		attr.Credential = &syscall.Credential{Uid: uint32(a.uid), Gid: uint32(a.gid)}
	}
	return attr
}
