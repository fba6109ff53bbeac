//go:build linux && (amd64 || arm64)

package preview

import (
	"fmt"
	"os"
	"runtime"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Confined says whether a worker can be confined on this system. Where it cannot there are no previews.
const Confined = true

// memory is how much a worker may have, beside its program.
const memory = 768 << 20

// nobody is the user and group that a worker of root becomes.
const nobody = 65534

// confine gives up, for the whole process and for good: privileges; more than its share of memory, time and files; and every
// system call but those by which a Go program reads and writes what it has open, keeps memory, and runs its threads. So there
// is no socket, no file to open, no program to start, no other process to touch, whatever the kernel allows others.
func confine() error {
	for resource, most := range map[int]uint64{
		unix.RLIMIT_DATA:   memory,
		unix.RLIMIT_AS:     addresses,
		unix.RLIMIT_CPU:    15,
		unix.RLIMIT_FSIZE:  0,
		unix.RLIMIT_NOFILE: 16,
		unix.RLIMIT_CORE:   0,
	} {
		if err := syscall.Setrlimit(resource, &syscall.Rlimit{Cur: most, Max: most}); err != nil {
			return fmt.Errorf("limit %d: %w", resource, err)
		}
	}
	if os.Geteuid() == 0 {
		for _, err := range []error{syscall.Setgroups(nil), syscall.Setgid(nobody), syscall.Setuid(nobody)} {
			if err != nil {
				return fmt.Errorf("privileges: %w", err)
			}
		}
	}
	return filter()
}

// addresses bounds the address space. A Go program reserves much of it without using it.
const addresses = 4 << 30

// calls are the system calls that stay.
var calls = []uint32{
	unix.SYS_READ, unix.SYS_WRITE, unix.SYS_CLOSE, unix.SYS_FCNTL, unix.SYS_FSTAT,
	unix.SYS_EPOLL_CREATE1, unix.SYS_EPOLL_CTL, unix.SYS_EPOLL_PWAIT, unix.SYS_EVENTFD2,
	unix.SYS_MMAP, unix.SYS_MUNMAP, unix.SYS_MPROTECT, unix.SYS_MADVISE, unix.SYS_MINCORE, unix.SYS_BRK,
	unix.SYS_FUTEX, unix.SYS_SCHED_YIELD, unix.SYS_SCHED_GETAFFINITY, unix.SYS_NANOSLEEP, unix.SYS_CLOCK_NANOSLEEP,
	unix.SYS_CLOCK_GETTIME, unix.SYS_GETTIMEOFDAY, unix.SYS_GETRANDOM,
	unix.SYS_RT_SIGACTION, unix.SYS_RT_SIGPROCMASK, unix.SYS_RT_SIGRETURN, unix.SYS_SIGALTSTACK, unix.SYS_RESTART_SYSCALL,
	unix.SYS_GETPID, unix.SYS_GETTID, unix.SYS_TGKILL, unix.SYS_SET_ROBUST_LIST, unix.SYS_RSEQ, unix.SYS_MEMBARRIER,
	unix.SYS_EXIT, unix.SYS_EXIT_GROUP,
}

// filter has the kernel refuse all other system calls, in every thread there is and will be (seccomp).
func filter() error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	// Without this only root may filter; with it no program started from here could gain a privilege.
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("no new privileges: %w", err)
	}
	rules := program()
	filter := unix.SockFprog{Len: uint16(len(rules)), Filter: &rules[0]}
	_, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_TSYNC, uintptr(unsafe.Pointer(&filter)))
	if errno != 0 {
		return fmt.Errorf("filter system calls: %w", errno)
	}
	return nil
}

// Where the number of a call, the architecture and the lower half of the first argument stand in what a filter is shown.
const (
	atNumber, atArch, atFirst = 0, 4, 16
)

// program is the filter in the kernel's language: allowed calls go to the last line, all others fall to the one before it.
func program() []unix.SockFilter {
	load := func(at uint32) unix.SockFilter {
		return unix.SockFilter{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: at}
	}
	answer := func(with uint32) unix.SockFilter { return unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: with} }
	rules := []unix.SockFilter{
		load(atArch),
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: arch, Jt: 1},
		answer(unix.SECCOMP_RET_KILL_PROCESS), // the numbers mean something else there
		load(atNumber),
	}
	for i, number := range calls {
		rules = append(rules, unix.SockFilter{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: number, Jt: uint8(len(calls) - i + 3)})
	}
	return append(rules,
		// A new thread is allowed, a new process is not.
		unix.SockFilter{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: unix.SYS_CLONE, Jf: 2},
		load(atFirst),
		unix.SockFilter{Code: unix.BPF_JMP | unix.BPF_JSET | unix.BPF_K, K: unix.CLONE_THREAD, Jt: 1},
		answer(unix.SECCOMP_RET_ERRNO|uint32(unix.EPERM)),
		answer(unix.SECCOMP_RET_ALLOW))
}
