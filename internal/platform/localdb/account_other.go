//go:build !linux

package localdb

import "syscall"

// childAttributes is as on Linux but for the death signal, which other systems
// do not have: there a server may outlive a killed owner, and the next start
// stops it first.
func childAttributes(a account) *syscall.SysProcAttr {
	attr := &syscall.SysProcAttr{Setpgid: true}
	if a.other {
		attr.Credential = &syscall.Credential{Uid: uint32(a.uid), Gid: uint32(a.gid)}
	}
	return attr
}
