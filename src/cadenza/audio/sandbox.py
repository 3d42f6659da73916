"""The cage of the decoder's child process: what it can do once it has opened its cage door behind it.

Three layers, each used where the kernel offers it, none needing a package or root:

* resource limits: processor time, address space, open files, no core file, no file may grow;
* Landlock (Linux >= 5.13): no path can be opened, made, removed or linked, no TCP port reached;
* seccomp (Linux, x86-64 and ARM64): only the calls that reading, writing and memory need exist,
  everything else (sockets, processes, threads, tracing, paths) answers "not permitted", and exec kills.

Only the standard library is used, so that the child starts fast and little is mapped into it.
"""

from __future__ import annotations

import ctypes
import platform
import resource
import sys
from dataclasses import dataclass

CPU_LIMIT_S = 10
MEMORY_LIMIT_BYTES = 768 * 1024 * 1024
OPEN_FILES_LIMIT = 16


@dataclass(frozen=True, slots=True)
class Cage:
    """Which layers hold in this process; ``landlock_abi`` is 0 where the kernel has none."""

    rlimits: tuple[str, ...]
    no_new_privileges: bool
    landlock_abi: int
    seccomp: bool


def enter_cage() -> Cage:
    """Give up, for the rest of this process, all that decoding does not need.

    Everything that must be imported or opened has to be so before. What a platform does not offer is
    left out and told in the result; nothing is raised.
    """
    rlimits = _limit_resources()
    if sys.platform != "linux":
        return Cage(rlimits, no_new_privileges=False, landlock_abi=0, seccomp=False)
    libc = ctypes.CDLL(None, use_errno=True)
    no_new_privileges = libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
    return Cage(
        rlimits,
        no_new_privileges=no_new_privileges,
        landlock_abi=_close_all_paths(libc),
        seccomp=_close_system_calls(libc),
    )


def _limit_resources() -> tuple[str, ...]:
    wanted = {
        "RLIMIT_CPU": CPU_LIMIT_S,
        "RLIMIT_AS": MEMORY_LIMIT_BYTES,
        "RLIMIT_NOFILE": OPEN_FILES_LIMIT,
        "RLIMIT_CORE": 0,
        "RLIMIT_FSIZE": 0,
        "RLIMIT_NPROC": 0,
    }
    return tuple(name for name, limit in wanted.items() if _set_limit(name, limit))


def _set_limit(name: str, limit: int) -> bool:
    which = getattr(resource, name, None)
    if which is None:
        return False
    try:
        resource.setrlimit(which, (limit, limit))
    except (OSError, ValueError):  # macOS refuses some of them
        return False
    return True


_PR_SET_NO_NEW_PRIVS = 38
_PR_SET_SECCOMP = 22

# Landlock: system call numbers are the same on every architecture; see linux/landlock.h.
_LANDLOCK_CREATE_RULESET = 444
_LANDLOCK_RESTRICT_SELF = 446
_LANDLOCK_VERSION_FLAG = 1
# Number of file access rights known to each ABI version (refer came with 2, truncate 3, ioctl 5).
_FILE_RIGHTS_BY_ABI = {1: 13, 2: 14, 3: 15, 4: 15}
_FILE_RIGHTS_NEWEST = 16


class _RulesetAttr(ctypes.Structure):
    _fields_ = (
        ("handled_access_fs", ctypes.c_uint64),
        ("handled_access_net", ctypes.c_uint64),
        ("scoped", ctypes.c_uint64),
    )


def _close_all_paths(libc: ctypes.CDLL) -> int:
    """Handle every right and allow none; return the kernel's Landlock ABI, 0 where it failed."""
    abi: int = libc.syscall(_LANDLOCK_CREATE_RULESET, None, ctypes.c_size_t(0), _LANDLOCK_VERSION_FLAG)
    if abi < 1:
        return 0
    attr = _RulesetAttr((1 << _FILE_RIGHTS_BY_ABI.get(abi, _FILE_RIGHTS_NEWEST)) - 1, 0b11, 0b11)
    known_bytes = 8 if abi < 4 else 16 if abi < 6 else 24
    ruleset = libc.syscall(_LANDLOCK_CREATE_RULESET, ctypes.byref(attr), ctypes.c_size_t(known_bytes), 0)
    if ruleset < 0 or libc.syscall(_LANDLOCK_RESTRICT_SELF, ruleset, 0) != 0:
        return 0
    return abi


# Classic BPF (linux/bpf_common.h, linux/seccomp.h): load a word, jump if equal, return.
_LOAD, _JUMP_EQUAL, _RETURN = 0x20, 0x15, 0x06
_NUMBER_AT, _ARCHITECTURE_AT = 0, 4
_KILL, _REFUSE, _ALLOW = 0x80000000, 0x00050001, 0x7FFF0000  # refuse: errno EPERM

# machine → (AUDIT_ARCH value, exec calls that kill, the calls that stay); asm/unistd.h of each.
# read write close fstat newfstatat lseek mmap mprotect munmap brk mremap madvise rt_sigaction
# rt_sigprocmask rt_sigreturn sigaltstack pread64 readv writev fcntl sched_yield sched_getaffinity
# getpid gettid futex clock_gettime clock_nanosleep getrandom restart_syscall exit exit_group
_CALLS: dict[str, tuple[int, tuple[int, ...], tuple[int, ...]]] = {
    "x86_64": (0xC000003E, (59, 322), (0, 1, 3, 5, 262, 8, 9, 10, 11, 12, 25, 28, 13, 14, 15, 131, 17, 19, 20,
                                       72, 24, 204, 39, 186, 202, 228, 230, 318, 219, 60, 231)),
    "aarch64": (0xC00000B7, (221, 281), (63, 64, 57, 80, 79, 62, 222, 226, 215, 214, 216, 233, 134, 135, 139,
                                         132, 67, 65, 66, 25, 124, 123, 172, 178, 98, 113, 115, 278, 128, 93,
                                         94)),
}  # fmt: skip


class _Instruction(ctypes.Structure):
    _fields_ = (
        ("code", ctypes.c_uint16),
        ("jt", ctypes.c_uint8),
        ("jf", ctypes.c_uint8),
        ("k", ctypes.c_uint32),
    )


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_uint16), ("instructions", ctypes.POINTER(_Instruction)))


def _close_system_calls(libc: ctypes.CDLL) -> bool:
    """Install the filter; return whether the kernel took it."""
    calls = _CALLS.get(platform.machine())
    if calls is None:
        return False
    steps = [_Instruction(*step) for step in _filter(*calls)]
    program = _Program(len(steps), (_Instruction * len(steps))(*steps))
    installed: int = libc.prctl(_PR_SET_SECCOMP, 2, ctypes.byref(program), 0, 0)
    return installed == 0


def _filter(
    architecture: int, deadly: tuple[int, ...], allowed: tuple[int, ...]
) -> list[tuple[int, int, int, int]]:
    """Return the filter's steps: a foreign architecture dies, what is not named is refused."""
    steps = [
        (_LOAD, 0, 0, _ARCHITECTURE_AT),
        (_JUMP_EQUAL, 1, 0, architecture),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, _NUMBER_AT),
    ]
    for verdict, numbers in ((_KILL, deadly), (_ALLOW, allowed)):
        for number in numbers:
            steps += [(_JUMP_EQUAL, 0, 1, number), (_RETURN, 0, 0, verdict)]
    return [*steps, (_RETURN, 0, 0, _REFUSE)]
