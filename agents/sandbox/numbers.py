"""System call numbers, which Python does not know: for the filter. Pure.

From the kernel's ``arch/x86/entry/syscalls/syscall_64.tbl`` and, for aarch64, its
``include/uapi/asm-generic/unistd.h``. What is newer than 5.0 has the same number everywhere.
"""

NEW = {
    "io_uring_setup": 425, "io_uring_enter": 426, "io_uring_register": 427, "open_tree": 428,
    "move_mount": 429, "fsopen": 430, "fsconfig": 431, "fsmount": 432, "fspick": 433,
    "clone3": 435, "pidfd_getfd": 438, "process_madvise": 440,
    "mount_setattr": 442, "quotactl_fd": 443, "memfd_secret": 447, "open_tree_attr": 467,
}  # fmt: skip

_X86_64 = {
    "acct": 163, "add_key": 248, "adjtimex": 159, "bpf": 321, "chroot": 161, "clock_adjtime": 305,
    "clock_settime": 227, "clone": 56, "delete_module": 176, "fanotify_init": 300,
    "finit_module": 313, "init_module": 175, "inotify_init": 253, "inotify_init1": 294, "ioctl": 16,
    "ioperm": 173, "iopl": 172, "kcmp": 312, "kexec_file_load": 320, "kexec_load": 246,
    "keyctl": 250, "lookup_dcookie": 212, "mbind": 237, "migrate_pages": 256, "mknod": 133,
    "mknodat": 259, "modify_ldt": 154, "mount": 165, "move_pages": 279, "name_to_handle_at": 303,
    "open_by_handle_at": 304, "perf_event_open": 298, "personality": 135, "pivot_root": 155,
    "process_vm_readv": 310, "process_vm_writev": 311, "ptrace": 101, "quotactl": 179,
    "reboot": 169, "request_key": 249, "sched_setaffinity": 203, "sched_setattr": 314,
    "sched_setscheduler": 144, "set_mempolicy": 238, "setns": 308, "settimeofday": 164,
    "socket": 41, "swapoff": 168, "swapon": 167, "syslog": 103, "umount2": 166, "unshare": 272,
    "userfaultfd": 323, "vhangup": 153,
}  # fmt: skip

_AARCH64 = {
    "acct": 89, "add_key": 217, "adjtimex": 171, "bpf": 280, "chroot": 51, "clock_adjtime": 266,
    "clock_settime": 112, "clone": 220, "delete_module": 106, "fanotify_init": 262,
    "finit_module": 273, "init_module": 105, "inotify_init1": 26, "ioctl": 29, "kcmp": 272,
    "kexec_file_load": 294, "kexec_load": 104, "keyctl": 219, "lookup_dcookie": 18, "mbind": 235,
    "migrate_pages": 238, "mknodat": 33, "mount": 40, "move_pages": 239, "name_to_handle_at": 264,
    "open_by_handle_at": 265, "perf_event_open": 241, "personality": 92, "pivot_root": 41,
    "process_vm_readv": 270, "process_vm_writev": 271, "ptrace": 117, "quotactl": 60,
    "reboot": 142, "request_key": 218, "sched_setaffinity": 122, "sched_setattr": 274,
    "sched_setscheduler": 119, "set_mempolicy": 237, "setns": 268, "settimeofday": 170,
    "socket": 198, "swapoff": 225, "swapon": 224, "syslog": 116, "umount2": 39, "unshare": 97,
    "userfaultfd": 282, "vhangup": 58,
}  # fmt: skip

MACHINES = {"x86_64": _X86_64 | NEW, "aarch64": _AARCH64 | NEW}
"""By what ``uname -m`` calls the machine."""
