"""Attacks that nobody listed, beside those of `attacks`, in the same form."""

# ruff: noqa: E501, RUF100  the code of cells
from __future__ import annotations

from jail.attacks import NAMESPACES, Attack, End

OWN = (
    Attack(
        id="o01-proc-through-descriptors",
        code="""
for path in ("/dev/fd/0", "/dev/fd/3", "/dev/stdin", "/proc/self/fd/3", "/proc/thread-self/fd/1", "/proc/self/map_files"):
    # C: the machine's /proc is there, and a process may open again what it has open.
    if LAB["level"] != "C": attempt(path, lambda: os.open(path, os.O_RDONLY))
for descriptor in (0, 1, 2, 3):
    attempt(("openat", descriptor), lambda: os.open("..", os.O_RDONLY, dir_fd=descriptor))
    attempt(("fchdir", descriptor), lambda: os.fchdir(descriptor))
tell()
""",
    ),
    Attack(
        id="o02-datagrams-to-the-machine",
        code="""
def datagram(address):
    try: s = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)[0]
    except OSError: s = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)[0]
    s.settimeout(1); s.sendto(b"owned", address)
for address in (LAB["unix_datagram"], chr(0) + LAB["abstract"] + "-datagram", "/run/systemd/notify", "/dev/log"):
    attempt(address, lambda: datagram(address))
    attempt(("socket", address), lambda: socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(b"owned", address))
tell()
""",
    ),
    Attack(
        id="o03-every-socket-family",
        code="""
for family in range(2, 64):
    for kind in (1, 2, 3, 4, 5):
        attempt((family, kind), lambda: socket.socket(family, kind, 0).close())
if call(41, ctypes.c_long((1 << 32) | 2), 1, 0) >= 0: won.append("high bits")
tell()
""",
    ),
    Attack(
        id="o04-look-into-relatives",
        code="""
buffer = ctypes.create_string_buffer(64)
ours = (ctypes.c_void_p * 2)(ctypes.addressof(buffer), 64)
for pid in (os.getppid(), 1, LAB["sibling_pid"]):
    reached(("attach", pid), 101, 16, pid, 0, 0)
    reached(("seize", pid), 101, 0x4206, pid, 0, 0)
    reached(("read", pid), 310, pid, ours, 1, ours, 1, 0)
    reached(("write", pid), 311, pid, ours, 1, ours, 1, 0)
    descriptor = call(434, pid, 0)
    if descriptor >= 0: reached(("steal", pid), 438, descriptor, 3, 0)
tell()
""",
    ),
    Attack(
        id="o05-raise-limits",
        code="""
for name in dir(resource):
    if name.startswith("RLIMIT_"):
        kind = getattr(resource, name)
        soft, hard = resource.getrlimit(kind)
        attempt(name, lambda: resource.setrlimit(kind, (hard, resource.RLIM_INFINITY)))
        attempt(("prlimit of the parent", name), lambda: resource.prlimit(os.getppid(), kind, (soft, hard)))
if resource.getrlimit(resource.RLIMIT_CORE)[1] > 1: won.append("core files")
tell()
""",
    ),
    Attack(
        id="o06-keyrings",
        code="""
reached("add_key", 248, b"user", b"message", b"hello", 5, -4)
for number in (-1, -2, -3, -4, -5): reached(("keyctl", number), 250, 0, number, 1, 0, 0)
tell()
""",
    ),
    Attack(
        id="o07-x32",
        ends=(End.CRASH, End.HELD),
        code="""
number = call(0x40000000 + 39)
print("WON" if number > 0 else "HELD", number)
""",
    ),
    Attack(
        id="o08-change-libraries-by-name",
        code="""
p = os.__file__
for name, act in dict(chmod=lambda: os.chmod(p, 0o777), chown=lambda: os.chown(p, os.getuid(), os.getgid()), utime=lambda: os.utime(p, (1, 1)),
    truncate=lambda: os.truncate(p, 0), rename=lambda: os.rename(p, p + "x"), unlink=lambda: os.unlink(p),
    xattr=lambda: os.setxattr(p, "user.x", b"y"), folder=lambda: os.mkdir(os.path.dirname(p) + "/pwn"), root=lambda: os.mkdir("/pwn"),
    etc=lambda: os.chmod("/etc/passwd", 0o666), null=lambda: os.chmod("/dev/null", 0), nullown=lambda: os.utime("/dev/null", (1, 1)),
    fchmod=lambda: os.fchmod(os.open(p, os.O_RDONLY), 0o777), home=lambda: os.rmdir("/home")).items():
    attempt(name, act)
tell()
""",
    ),
    Attack(
        id="o09-shared-memory-of-the-machine",
        code="""
reached("shmget", 29, 4242, 4096, 0o1600); reached("semget", 64, 4242, 1, 0o1600); reached("msgget", 68, 4242, 0o1600)
reached("mq_open", 240, b"message", 0o102, 0o600, None)
tell()
""",
    ),
    Attack(
        id="o10-flood-the-protocol-with-descriptors",
        ends=(End.ALLOWED, End.CRASH, End.EXIT, End.TIME, End.OUTPUT),
        seconds=3,
        why="what it sends is for the supervisor to refuse, descriptors and all",
        code="""
end = socket.socket(fileno=os.dup(3)); end.setblocking(False)
try:
    for _ in range(300):
        socket.send_fds(end, [b"x" * 64], [os.open("/dev/zero", os.O_RDONLY)] * 8)
except OSError as refusal:
    print("stopped", refusal)
""",
    ),
    Attack(
        id="o11-signals-by-other-ways",
        code="""
import fcntl
r, w = os.pipe()
for name in ("host_pid", "root_pid", "sibling_pid"):
    pid = LAB[name]
    for number in (234, 297):  # tgkill, rt_tgsigqueueinfo
        if call(number, pid, pid, 0, ctypes.create_string_buffer(128)) == 0: won.append((number, name))
    if call(200, pid, 0) == 0: won.append(("tkill", name))
    attempt(("owner", name), lambda: fcntl.fcntl(r, fcntl.F_SETOWN, pid))
    attempt(("group", name), lambda: os.killpg(pid, 0))
tell()
""",
    ),
    Attack(
        id="o12-deep-folders-and-links",
        code="""
n = 0
try:
    while n < 3000:
        os.mkdir("d"); os.symlink("/", "d/root"); os.chdir("d"); n += 1
except OSError:
    pass
os.chdir(LAB["scratch"])
print("HELD if the harness can clean up", n)
""",
    ),
    Attack(
        id="o13-process-attributes",
        code="""
for name, option, value in (("mm", 35, 8), ("seccomp off", 22, 0), ("dumpable", 4, 0), ("keepcaps", 8, 1), ("securebits", 28, 0),
    ("subreaper", 36, 1), ("ptracer", 0x59616D61, -1), ("perf", 31, 0), ("timing", 14, 1), ("ambient", 47, 2), ("mce", 33, 0),
    ("tsc", 26, 2), ("speculation", 53, 0), ("core scheduling", 62, 1), ("huge pages", 41, 1)):
    reached(name, 157, option, ctypes.c_ulong(value & (2**64 - 1)), 0, 0, 0)
reached("arch_prctl", 158, 0x1012, 0); reached("personality", 135, 0x0040000); reached("modify_ldt", 154, 0, BAD, 16)
tell()
""",
    ),
    Attack(
        id="o14-timers-that-outlive",
        code="""
reached("timer_create", 222, 0, None, ctypes.create_string_buffer(8))
tell()
""",
    ),
    Attack(
        id="o15-watch-the-shared-libraries",
        code="""
reached("inotify_init1", 294, 0); reached("inotify_init", 253); reached("fanotify_init", 300, 0, 0)
import fcntl
descriptor = os.open(os.path.dirname(os.__file__), os.O_RDONLY)
attempt("notify", lambda: fcntl.fcntl(descriptor, 1026, 1))
tell()
""",
    ),
    Attack(
        id="o16-handles-and-new-opens",
        code="""
reached("openat2", 437, -100, b"/", BAD, 24)
reached("name_to_handle_at", 303, -100, b"/", ctypes.create_string_buffer(256), ctypes.create_string_buffer(8), 0)
reached("open_by_handle_at", 304, 3, ctypes.create_string_buffer(256), 0)
tell()
""",
    ),
    Attack(
        id="o17-mounts-by-the-new-calls",
        code="""
for name, arguments in dict(fsopen=(430, b"tmpfs", 0), open_tree=(428, -100, b"/", 1), move_mount=(429, -100, b"/", -100, b"/tmp", 0),
    fsconfig=(431, 3, 0, None, None, 0), fsmount=(432, 3, 0, 0), fspick=(433, -100, b"/", 0), mount_setattr=(442, -100, b"/", 0, BAD, 32),
    statmount=(457, BAD, BAD, 0, 0), listmount=(458, BAD, BAD, 0, 0), open_tree_attr=(467, -100, b"/", 1, BAD, 32)).items():
    reached(name, *arguments)
tell()
""",
    ),
    Attack(
        id="o18-memory-of-others",
        code="""
reached("process_madvise", 440, -1, BAD, 0, 0, 0); reached("process_mrelease", 448, -1, 0)
reached("migrate_pages", 256, 1, 64, BAD, BAD); reached("kcmp", 312, os.getpid(), os.getppid(), 0, 3, 3)
reached("remap_file_pages", 216, BAD, 0, 0, 0, 0); reached("mbind", 237, BAD, 0, 0, BAD, 0, 0)
reached("get_robust_list", 274, os.getppid(), BAD, BAD); reached("cachestat", 451, 0, BAD, BAD, 0)
tell()
""",
    ),
    Attack(
        id="o19-undo-the-confinement",
        code="""
reached("landlock_create_ruleset", 444, None, 0, 1); reached("landlock_add_rule", 445, 3, 1, BAD, 0)
reached("landlock_restrict_self", 446, 3, 0); reached("seccomp", 317, 0, 0, None); reached("capset", 126, BAD, BAD)
for number in (105, 106, 113, 114, 116, 117, 119, 122, 123): reached(("become root", number), number, 0, 0, 0)
tell()
""",
    ),
    Attack(
        id="o20-locks-on-shared-files",
        code="""
import fcntl
descriptor = os.open(os.__file__, os.O_RDONLY)
attempt("flock", lambda: fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB))
attempt("lease", lambda: fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_RDLCK))
attempt("clone", lambda: fcntl.ioctl(os.open("c", os.O_RDWR | os.O_CREAT), 0x40049409, descriptor))
attempt("flags", lambda: fcntl.ioctl(descriptor, 0x40086602, b"\\0" * 8))
tell()
""",
    ),
    Attack(
        id="o21-leave-the-session",
        code="""
child = os.fork()
if not child:
    attempt("setsid", os.setsid); attempt("setpgid", lambda: os.setpgid(0, 0)); attempt("setpgid to 1", lambda: os.setpgid(0, 1))
    os._exit(len(won))
if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]): won.append("group")
for flags in (0x8000 | 17, 0x8000, 0x2000 | 17):  # a child of the parent's, not of ours
    child = call(56, flags, 0, 0, 0, 0)
    if child == 0: os._exit(0)
    if child > 0: won.append(("clone", flags))
tell()
""",
    ),
    Attack(
        id="o22-machine-settings",
        code="""
for name, number in dict(sync=162, acct=163, vhangup=153, iopl=172, ioperm=173, swapoff=168, umount2=166, delete_module=176, ioprio_set=251,
    sched_setattr=314, setdomainname=171, syncfs=306, nfsservctl=180, vmsplice=278, splice=275, tee=276, uselib=134, ustat=136, sysfs=139).items():
    reached(name, number, 0, 0, 0, 0)
tell()
""",
    ),
    Attack(
        id="o23-programs-for-sockets",
        code="""
a, b = socket.socketpair()
for name, option in dict(filter=26, program=50, mark=36, device=25, priority=12, force=32, force_receive=33, lock=44, busy=46).items():
    attempt(name, lambda: a.setsockopt(socket.SOL_SOCKET, option, b"\\x01" + b"\\0" * 15))
import fcntl
attempt("pipe size", lambda: fcntl.fcntl(os.pipe()[0], 1031, 1 << 20))
tell()
""",
    ),
    Attack(
        id="o24-address-space-and-sparse-files",
        code="""
import mmap
attempt("mmap", lambda: mmap.mmap(-1, 1 << 37))
def sparse():
    with open("sparse", "w") as file: os.ftruncate(file.fileno(), 1 << 40)
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
attempt("sparse", sparse)
tell()
""",
    ),
    Attack(
        id="o25-foretell-on-disk",
        code="""
import sys
for name, module in list(sys.modules.items()):
    if name.split(".")[0] == "foretell" and getattr(module, "__file__", None):
        attempt(name, lambda: open(module.__file__).read())
for path in sys.path:
    for ours in ("foretell/_lessons", "foretell/__init__.py"):
        attempt(ours, lambda: open(os.path.join(path, ours)).read())
tell()
""",
    ),
    Attack(
        id="o26-memory-in-files",
        levels=NAMESPACES,
        ends=(End.HELD, End.MEMORY),
        why="C: the folders are the machine's own; they need a quota there",
        code="""
total = 0
for folder in ("/tmp", "/dev/shm", "/home/learner", LAB["scratch"]):
    try:
        for n in range(40):
            with open(f"{folder}/fill{n}", "wb", buffering=0) as file: total += file.write(b"q" * (16 << 20))
    except OSError: pass
print("WON" if total > 450 << 20 else "HELD", total >> 20, "MiB")
""",
    ),
    Attack(
        id="o27-daemon-that-ignores-everything",
        ends=(End.HELD,),
        code="""
for _ in range(5):
    if os.fork() == 0:
        if os.fork(): os._exit(0)
        for number in range(1, 65):
            try: signal.signal(number, signal.SIG_IGN)
            except (OSError, ValueError): pass
        while True:
            try:
                if os.fork() == 0: os._exit(0)
            except OSError: pass
            time.sleep(0.001)
print("HELD if nothing is left")
""",
    ),
    Attack(
        id="o28-die-in-every-way",
        ends=(End.CRASH,),
        code="os.kill(os.getpid(), signal.SIGKILL)",
    ),
)
