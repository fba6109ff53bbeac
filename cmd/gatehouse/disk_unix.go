//go:build linux || darwin

package main

import "syscall"

// freeSpace is how many bytes of the folder's disk an ordinary user may still fill.
func freeSpace(folder string) (uint64, error) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(folder, &s); err != nil {
		return 0, err
	}
	return s.Bavail * uint64(s.Bsize), nil
}
