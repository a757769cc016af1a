"""System call numbers, which Python does not know: for the filter. Pure.

From the kernel's ``arch/x86/entry/syscalls/syscall_64.tbl`` and, for aarch64, its
``include/uapi/asm-generic/unistd.h``. What is newer than 5.0 has the same number everywhere.
"""

NEW = {
    "io_uring_setup": 425, "io_uring_enter": 426, "io_uring_register": 427, "open_tree": 428,
    "move_mount": 429, "fsopen": 430, "fsconfig": 431, "fsmount": 432, "fspick": 433,
    "clone3": 435, "pidfd_getfd": 438, "process_madvise": 440,
    "mount_setattr": 442, "quotactl_fd": 443, "memfd_secret": 447, "process_mrelease": 448,
    "fchmodat2": 452, "setxattrat": 463, "removexattrat": 466, "open_tree_attr": 467,
    "file_setattr": 469,
}  # fmt: skip

_X86_64 = {
    "acct": 163, "add_key": 248, "adjtimex": 159, "bpf": 321, "chmod": 90, "chown": 92,
    "chroot": 161, "clock_adjtime": 305, "clock_settime": 227, "clone": 56, "delete_module": 176,
    "fanotify_init": 300, "fchmodat": 268, "fchownat": 260, "finit_module": 313, "futimesat": 261,
    "init_module": 175, "inotify_init": 253, "inotify_init1": 294, "ioctl": 16, "ioperm": 173,
    "iopl": 172, "ioprio_set": 251, "kcmp": 312, "kexec_file_load": 320, "kexec_load": 246,
    "keyctl": 250, "lchown": 94, "lookup_dcookie": 212, "lremovexattr": 198, "lsetxattr": 189,
    "mbind": 237, "migrate_pages": 256, "mknod": 133, "mknodat": 259, "modify_ldt": 154,
    "mount": 165, "move_pages": 279, "mq_open": 240, "mq_unlink": 241, "msgctl": 71, "msgget": 68,
    "msgrcv": 70, "msgsnd": 69, "name_to_handle_at": 303, "open_by_handle_at": 304,
    "perf_event_open": 298, "personality": 135, "pivot_root": 155, "prlimit64": 302,
    "process_vm_readv": 310, "process_vm_writev": 311, "ptrace": 101, "quotactl": 179,
    "reboot": 169, "removexattr": 197, "request_key": 249, "sched_setaffinity": 203,
    "sched_setattr": 314, "sched_setparam": 142, "sched_setscheduler": 144, "semctl": 66,
    "semget": 64, "semop": 65, "semtimedop": 220, "set_mempolicy": 238, "setns": 308,
    "setpriority": 141, "settimeofday": 164, "setxattr": 188, "shmat": 30, "shmctl": 31,
    "shmget": 29, "socket": 41, "swapoff": 168, "swapon": 167, "syslog": 103, "umount2": 166,
    "unshare": 272, "userfaultfd": 323, "utime": 132, "utimensat": 280, "utimes": 235,
    "vhangup": 153,
}  # fmt: skip

_AARCH64 = {
    "acct": 89, "add_key": 217, "adjtimex": 171, "bpf": 280, "chroot": 51, "clock_adjtime": 266,
    "clock_settime": 112, "clone": 220, "delete_module": 106, "fanotify_init": 262, "fchmodat": 53,
    "fchownat": 54, "finit_module": 273, "init_module": 105, "inotify_init1": 26, "ioctl": 29,
    "ioprio_set": 30, "kcmp": 272, "kexec_file_load": 294, "kexec_load": 104, "keyctl": 219,
    "lookup_dcookie": 18, "lremovexattr": 15, "lsetxattr": 6, "mbind": 235, "migrate_pages": 238,
    "mknodat": 33, "mount": 40, "move_pages": 239, "mq_open": 180, "mq_unlink": 181, "msgctl": 187,
    "msgget": 186, "msgrcv": 188, "msgsnd": 189, "name_to_handle_at": 264, "open_by_handle_at": 265,
    "perf_event_open": 241, "personality": 92, "pivot_root": 41, "prlimit64": 261,
    "process_vm_readv": 270, "process_vm_writev": 271, "ptrace": 117, "quotactl": 60, "reboot": 142,
    "removexattr": 14, "request_key": 218, "sched_setaffinity": 122, "sched_setattr": 274,
    "sched_setparam": 118, "sched_setscheduler": 119, "semctl": 191, "semget": 190, "semop": 193,
    "semtimedop": 192, "set_mempolicy": 237, "setns": 268, "setpriority": 140, "settimeofday": 170,
    "setxattr": 5, "shmat": 196, "shmctl": 195, "shmget": 194, "socket": 198, "swapoff": 225,
    "swapon": 224, "syslog": 116, "umount2": 39, "unshare": 97, "userfaultfd": 282, "utimensat": 88,
    "vhangup": 58,
}  # fmt: skip

MACHINES = {"x86_64": _X86_64 | NEW, "aarch64": _AARCH64 | NEW}
"""By what ``uname -m`` calls the machine."""
