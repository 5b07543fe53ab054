"""What hostile learner code may try, as a table that needs no particular way of running it.

Enters: `LAB`, a dictionary of the victims that a harness has made. Leaves: cells that print HELD or WON, or are ended
by a limit. Invariant: run as root, or outside its scratch folder, a cell prints REFUSED and does nothing; a harness
counts REFUSED, and silence where HELD is due, as not contained.

Keys of `LAB`: scratch, victim, solutions, solutions_name, host_files, host_pid, root_pid, sibling_pid, port, unix_path,
unix_datagram, abstract, level. Numbers of system calls are those of x86_64.
"""

# ruff: noqa: E501, RUF100  the code of cells
from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

ABC = ("A", "B", "C")
NAMESPACES = ("A", "B")


class End(StrEnum):
    """How a cell may end where the jail holds."""

    HELD = "held"
    ALLOWED = "allowed"
    TIME = "time"
    MEMORY = "memory"
    OUTPUT = "output"
    EXIT = "exit"
    CRASH = "crash"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attack:
    """One attack: its code, the ends that count as contained, and the levels at which it must be.

    `runs` is how often, each time in a new session; `libraries` are modules that it needs; `seconds` is what a harness
    should wait for it where it has no end. ALLOWED: whatever it prints but WON. MEMORY: ended for memory, or an error
    that says so. `why` is for those that no level promises to hold everywhere.
    """

    id: str
    code: str
    ends: tuple[End, ...] = (End.HELD,)
    levels: tuple[str, ...] = ABC
    runs: int = 1
    libraries: tuple[str, ...] = ()
    seconds: float = 8.0
    why: str = ""


PRELUDE = """
import os as _os
if "LAB" not in globals() or _os.getuid() == 0 or _os.getcwd() != LAB["scratch"]:
    raise SystemExit(print("REFUSED: no jail, or root, or not in the scratch folder"))
import ctypes, os, socket, resource, signal, time
libc = ctypes.CDLL(None, use_errno=True)
BAD = ctypes.c_void_p(1)
won = []
def call(number, *arguments):
    ctypes.set_errno(0)
    return libc.syscall(ctypes.c_long(number), *arguments)
def reached(name, number, *arguments):
    "Anything but EPERM and ENOSYS means that the call got past the filter."
    if call(number, *arguments) >= 0 or ctypes.get_errno() not in (1, 38):
        won.append((name, ctypes.get_errno()))
def attempt(name, act):
    try:
        act()
    except (OSError, ValueError, RuntimeError, OverflowError):
        return
    won.append(name)
def tell():
    print("WON", won) if won else print("HELD")
"""


def cell(attack: Attack, lab: dict[str, object]) -> str:
    """The cell that tries `attack` on the victims in `lab`."""
    return f"LAB = {lab!r}\n{PRELUDE}\n{attack.code.strip()}\n"


def contained(attack: Attack, end: str, said: str) -> bool:
    """Whether a run that came to `end` (an `End`, or "returned") and printed `said` was contained."""
    if "WON" in said or "REFUSED" in said:
        return False
    if end == "returned":
        if "HELD" in said:
            return End.HELD in attack.ends or End.ALLOWED in attack.ends
        memory = ("MemoryError", "alloc", "Cannot allocate", "RecursionError")
        return End.ALLOWED in attack.ends or (End.MEMORY in attack.ends and any(sign in said for sign in memory))
    return end in attack.ends


RESOURCES = (
    Attack(
        id="01-fork-bomb",
        code="""
n = 0
try:
    while n < 1000:
        if os.fork() == 0:
            time.sleep(30); os._exit(0)
        n += 1
    print("WON", n)
except OSError as refusal:
    print("HELD after", n, refusal)
""",
    ),
    Attack(
        id="02-memory-bytes",
        ends=(End.MEMORY,),
        code="""
kept = []
for _ in range(160):
    kept.append(bytearray(b"x") * (16 << 20))
print("WON", len(kept) * 16, "MiB")
""",
    ),
    Attack(
        id="03-memory-torch",
        ends=(End.MEMORY,),
        libraries=("torch",),
        code="""
import torch
kept = [torch.ones(4 << 20) for _ in range(160)]
print("WON", len(kept) * 16, "MiB")
""",
    ),
    Attack(
        id="04-memory-shared",
        ends=(End.MEMORY,),
        code="""
import mmap
kept = []
try:
    for _ in range(40):
        kept.append(mmap.mmap(-1, 64 << 20)); kept[-1][::4096] = b"x" * (16 << 10)
except OSError as refusal:
    raise MemoryError(refusal)
print("WON", len(kept) * 64, "MiB")
""",
    ),
    Attack(
        id="05-memory-many-processes",
        ends=(End.MEMORY, End.HELD, End.TIME),
        why="B and C: only by the watchdog, which looks now and then; time comes first where the machine is busy",
        code="""
children = []
for _ in range(12):
    child = os.fork()
    if not child:
        block = bytearray(400 << 20); block[::4096] = b"y" * len(block[::4096]); time.sleep(2); os._exit(7)
    children.append(child)
done = sum(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7 for child in children)
print("WON" if done * 400 > 2000 else "HELD", done)
""",
    ),
    Attack(
        id="06-memory-memfd",
        code="""
reached("memfd_create", 319, b"x", 0)
reached("memfd_secret", 447, 0)
tell()
""",
    ),
    Attack(id="07-endless-loop", ends=(End.TIME,), seconds=0.4, code="while True: pass"),
    Attack(
        id="08-endless-native-loop",
        ends=(End.TIME,),
        seconds=0.4,
        code="import itertools, collections; collections.deque(itertools.repeat(0), maxlen=0)",
    ),
    Attack(id="09-output-flood", ends=(End.OUTPUT, End.TIME), seconds=4, code="while True: print('x' * 4096)"),
    Attack(
        id="10-one-huge-line",
        ends=(End.OUTPUT,),
        code="""
for _ in range(800):
    os.write(1, b"\\x00\\x1b[2J\\xff" + b"A" * 65536)
time.sleep(30)
""",
    ),
    Attack(
        id="11-huge-file",
        code="""
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
n = 0
try:
    with open("big", "wb", buffering=0) as file:
        while n < 1 << 30: n += file.write(b"q" * (1 << 20))
    print("WON", n >> 20, "MiB")
except OSError as refusal:
    print("HELD at", n >> 20, refusal.strerror)
""",
    ),
    Attack(
        id="12-inode-flood",
        levels=NAMESPACES,
        why="C: the folder is one of the machine's own; it needs a quota there",
        code="""
n = 0
try:
    while n < 40000:
        open(f"f{n}", "w").close(); n += 1
    print("WON", n)
except OSError as refusal:
    print("HELD after", n, refusal.strerror)
""",
    ),
    Attack(
        id="13-thread-bomb",
        code="""
import threading
n = 0
try:
    while n < 1000:
        threading.Thread(target=time.sleep, args=(20,), daemon=True).start(); n += 1
    print("WON", n)
except RuntimeError as refusal:
    print("HELD after", n, refusal)
""",
    ),
    Attack(
        id="14-descriptors",
        code="""
n = 0
try:
    while n < 100000: os.dup(1); n += 1
    print("WON", n)
except OSError as refusal:
    print("HELD after", n, refusal.strerror)
""",
    ),
    Attack(id="15-sleep", ends=(End.TIME,), seconds=0.4, code="time.sleep(10 ** 6)"),
    Attack(
        id="16-ignore-signals-and-stop",
        ends=(End.TIME,),
        seconds=0.4,
        code="""
for number in range(1, 65):
    try: signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError): pass
signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 64))
os.kill(os.getpid(), signal.SIGSTOP)
while True: pass
""",
    ),
    Attack(
        id="17-child-holds-the-output-open",
        ends=(End.HELD,),
        code="""
if os.fork() == 0:
    for number in range(1, 32):
        try: signal.signal(number, signal.SIG_IGN)
        except (OSError, ValueError): pass
    if os.fork() == 0:
        time.sleep(60)
    os._exit(0)
print("HELD if the run ends and nothing is left")
""",
    ),
    Attack(
        id="18-deep-recursion",
        ends=(End.CRASH, End.MEMORY, End.TIME),
        code="""
import sys
sys.setrecursionlimit(10 ** 9)
def f(n): return repr([f(n + 1)]) if n >= 0 else 0
f(0)
""",
    ),
    Attack(id="19-segmentation-fault", ends=(End.CRASH,), code="ctypes.string_at(0)"),
    Attack(id="20-sudden-exit", ends=(End.EXIT,), code="print('before', flush=True); os._exit(0)"),
    Attack(
        id="21-processor-hog",
        ends=(End.TIME,),
        seconds=0.4,
        code="""
for _ in range(8):
    if os.fork() == 0: break
while True: pass
""",
    ),
    Attack(
        id="22-huge-figure",
        ends=(End.MEMORY, End.CRASH),
        libraries=("matplotlib",),
        code="""
os.environ["MPLCONFIGDIR"] = LAB["scratch"]
import matplotlib; matplotlib.use("Agg")
import matplotlib.pyplot as plt
plt.figure(figsize=(600, 600), dpi=100).savefig("big.png")
print("WON", os.path.getsize("big.png"))
""",
    ),
    Attack(
        id="23-scheduling",
        code="""
attempt("fifo", lambda: os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(50)))
attempt("nice", lambda: os.setpriority(os.PRIO_PROCESS, 0, -20))
attempt("affinity", lambda: os.sched_setaffinity(0, {0}))
if libc.mlockall(1) == 0: won.append("mlockall")
tell()
""",
    ),
)

ESCAPES = (
    Attack(
        id="25-host-files",
        code="""
import glob
paths = ["/etc/shadow", "/etc/hostname", "/etc/machine-id", "/root/.bashrc", "/proc/1/environ", "/proc/self/environ",
    "/sys/class/net", "/var/log", "/home", "/run", "/boot", *glob.glob("/home/*/.ssh/*"), *LAB["host_files"]]
for path in paths:
    try:
        if os.listdir(path) if os.path.isdir(path) else open(path, "rb").read(64): won.append(path)
    except OSError: pass
tell()
""",
    ),
    Attack(
        id="26-other-learner",
        code="""
p = LAB["victim"]
for path in (p, "../" * 12 + p[1:], f"/proc/self/root{p}", f"/proc/{os.getppid()}/root{p}", f"/proc/{os.getppid()}/cwd/{p}",
             "/proc/self/cwd/" + "../" * 8 + p[1:], f"/dev/fd/0/..{p}"):
    try: open(path).read(); won.append(path)
    except OSError: pass
tell()
""",
    ),
    Attack(
        id="27-solutions",
        code="""
import linecache, sys
attempt("open", lambda: open(LAB["solutions"]).read())
for root in ("/home", "/tmp", "/usr/share", "/opt", "/srv", "/var", "/etc"):
    for folder, folders, files in os.walk(root):
        if LAB["solutions_name"] in folder: won.append(folder)
        if folder.count("/") > 6: folders[:] = []
won += [key for key in linecache.cache if "solution" in key]
won += [name for name in sys.modules if name.split(".")[0] in ("solutions", "checks")]
tell()
""",
    ),
    Attack(
        id="28-secrets-of-the-environment",
        code="""
libc.getauxval.restype = ctypes.c_ulong
flip = bytes(i ^ 0x5a for i in range(256)); wanted = bytes([22, 27, 24, 5, 9, 31, 25, 8, 31, 14, 103])
if any("SECRET" in key or "TOKEN" in key or "PASSWORD" in key for key in os.environ): won.append("os.environ")
attempt("/proc", lambda: open("/proc/self/environ", "rb").read())
top = libc.getauxval(31)
r, w = os.pipe()
place = (top & ~4095) - 64 * 4096
while top and place <= top:
    if libc.write(w, ctypes.c_void_p(place), ctypes.c_size_t(4096)) == 4096 and wanted in os.read(r, 4096).translate(flip):
        won.append("initial stack"); break
    place += 4096
tell()
""",
    ),
    Attack(
        id="30-inherited-descriptors",
        code="""
for descriptor in range(4096):
    try: os.fstat(descriptor)
    except OSError: continue
    if descriptor > 3: won.append(descriptor)
tell()
""",
    ),
    Attack(
        id="31-proc",
        code="""
try: pids = [name for name in os.listdir("/proc") if name.isdigit()]
except OSError: pids = [str(LAB["host_pid"]), str(LAB["sibling_pid"]), str(LAB["root_pid"]), "1", "self"]
for pid in pids:
    for name in ("environ", "maps", "mem", "cmdline", "root", "cwd", "fd"):
        if pid == "self" and name in ("root", "cwd"): continue  # its own links tell it nothing
        path = f"/proc/{pid}/{name}"
        try:
            if os.listdir(path) if name == "fd" else os.readlink(path) if name in ("root", "cwd") else open(path, "rb").read(9):
                won.append(path)
        except OSError: pass
tell()
""",
    ),
    Attack(
        id="33-signals",
        code="""
for name in ("host_pid", "root_pid", "sibling_pid"):
    pid = LAB[name]
    attempt(("kill", name), lambda: os.kill(pid, 0))
    attempt(("pidfd", name), lambda: signal.pidfd_send_signal(os.pidfd_open(pid), 0))
    if call(129, pid, 0, ctypes.create_string_buffer(128)) == 0: won.append(("sigqueue", name))
attempt("kill sibling", lambda: os.kill(LAB["sibling_pid"], signal.SIGKILL))
tell()
""",
    ),
    Attack(
        id="34-loopback",
        code="""
for family, host in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1"), (socket.AF_INET, "0.0.0.0")):
    def act():
        s = socket.socket(family); s.settimeout(1); s.connect((host, LAB["port"]))
    attempt(host, act)
tell()
""",
    ),
    Attack(
        id="35-network-sockets",
        code="""
for family, kind in ((2, 1), (2, 2), (10, 2), (2, 3), (17, 3)):
    attempt((family, kind), lambda: socket.socket(family, kind).close())
tell()
""",
    ),
    Attack(
        id="36-unix-sockets",
        code="""
for address in ("/var/run/docker.sock", "/run/systemd/private", "/run/dbus/system_bus_socket", LAB["unix_path"],
                chr(0) + LAB["abstract"]):
    def act():
        s = socket.socket(socket.AF_UNIX); s.settimeout(1); s.connect(address)
    attempt(address, act)
tell()
""",
    ),
    Attack(
        id="37-vsock",
        code="""
attempt("vsock", lambda: socket.socket(40, socket.SOCK_STREAM).close())
tell()
""",
    ),
    Attack(
        id="38-write-outside",
        code="""
import sys
places = ["/foretell_pwn", "/usr/foretell_pwn", "/etc/foretell_pwn", "/var/tmp/foretell_pwn", "/tmp/foretell_pwn",
    LAB["victim"], os.path.dirname(os.__file__) + "/foretell_pwn.py", os.path.dirname(os.__file__) + "/os.py"]
places += [path + "/foretell_pwn.pth" for path in sys.path if path.endswith("site-packages")]
for path in places:
    try:
        with open(path, "a") as file: file.write("# pwn")
        if LAB["level"] == "C" or not path.startswith("/tmp/foretell_pwn"): won.append(path)
    except OSError: pass
tell()
""",
    ),
    Attack(
        id="39-links-for-a-trusted-reader",
        ends=(End.HELD,),
        code="""
for name, target in (("out.png", "/etc/passwd"), ("result.json", "/etc/shadow"), ("folder", "/root"), ("loop", "loop")):
    os.symlink(target, name)
print("HELD if nobody follows them")
""",
    ),
    Attack(
        id="40-special-files",
        code="""
os.mkfifo("pipe.png")
for name, device in (("mem", (1, 1)), ("kmsg", (1, 11)), ("vda", (254, 0))):
    attempt(name, lambda: (os.mknod(name, 0o20600, os.makedev(*device)), open(name, "rb").read(1)))
for source in ("/etc/passwd", "/usr/bin/env", "/usr/lib/os-release"):
    attempt(source, lambda: os.link(source, "hard"))
open("suid", "w").close()
try: os.chmod("suid", 0o4755)
except PermissionError: pass
tell()
""",
    ),
    Attack(
        id="41-mounts",
        code="""
if libc.mount(b"tmpfs", b"/tmp", b"tmpfs", 0, None) == 0: won.append("mount")
if libc.mount(None, b"/", None, 32 | 4096, None) == 0: won.append("remount")
if libc.umount2(b"/tmp", 2) == 0: won.append("umount")
if libc.chroot(b"/tmp") == 0: won.append("chroot")
reached("pivot_root", 155, b".", b".")
tell()
""",
    ),
    Attack(
        id="42-user-namespace-again",
        code="""
for flag in (0x10000000, 0x20000, 0x20000000, 0x40000000, 0x80, 0x400):
    reached(("unshare", flag), 272, flag)
for flag in (0x10000000, 0x20000, 0x20000000, 0x40000000, 0x10000000 | 0x40000000):
    child = call(56, flag | signal.SIGCHLD, 0, 0, 0, 0)
    if child == 0: os._exit(0)
    if child > 0: won.append(("clone", flag))
arguments = (ctypes.c_uint64 * 8)(0x10000000, 0, 0, 0, 17, 0, 0, 0)
child = call(435, arguments, 64)
if child == 0: os._exit(0)
if child > 0: won.append("clone3")
tell()
""",
    ),
    Attack(
        id="43-join-namespaces",
        code="""
for pid in (1, os.getppid(), LAB["host_pid"]):
    for kind in ("user", "mnt", "net", "pid"):
        try: reached((pid, kind), 308, os.open(f"/proc/{pid}/ns/{kind}", os.O_RDONLY), 0)
        except OSError: pass
    descriptor = call(434, pid, 0)
    if descriptor >= 0: reached(("setns", pid), 308, descriptor, 0x20000)
tell()
""",
    ),
    Attack(
        id="44-io-uring",
        code="""
reached("setup", 425, 4, ctypes.create_string_buffer(120))
reached("enter", 426, 0, 0, 0, 0, None, 0)
reached("register", 427, 0, 0, None, 0)
tell()
""",
    ),
    Attack(
        id="45-kernel-surface",
        code="""
for name, arguments in dict(bpf=(321, 0, BAD, 64), perf_event_open=(298, BAD, 0, -1, -1, 0), userfaultfd=(323, 0x7fff),
    add_key=(248, BAD, BAD, BAD, 1, 0), keyctl=(250, 99, 0, 0), request_key=(249, BAD, BAD, 0, 0), kcmp=(312, 1, 1, 99, 0, 0),
    open_by_handle_at=(304, -1, BAD, 0), name_to_handle_at=(303, -1, BAD, BAD, BAD, 0), kexec_load=(246, 0, 0, 0, 0xffff),
    init_module=(175, BAD, 0, BAD), finit_module=(313, -1, BAD, 0), quotactl=(179, 0x7fffff, 0, 0, 0), swapon=(167, BAD, 0),
    syslog=(103, 99, BAD, 0), fanotify_init=(300, 0xffffffff, 0), move_pages=(279, 0, 0, BAD, 0, 0, 0xff),
    ptrace=(101, 99, 0, 0, 0), process_vm_readv=(310, 0, BAD, 1, BAD, 1, 0), setns=(308, -1, 0), mount=(165, BAD, BAD, BAD, 0, 0),
    pidfd_getfd=(438, -1, 0, 0), lookup_dcookie=(212, 0, BAD, 0)).items():
    reached(name, *arguments)
tell()
""",
    ),
    Attack(
        id="46-exec",
        code="""
import shutil, subprocess
for command in (["/bin/sh", "-c", "id"], ["/usr/bin/su", "-c", "id"], ["/usr/bin/env"], ["/jail/cat", "/etc/passwd"]):
    attempt(command[0], lambda: subprocess.run(command, capture_output=True, timeout=3, stdin=subprocess.DEVNULL))
    attempt(("execv", command[0]), lambda: os.execv(command[0], command))
attempt("loader", lambda: os.execv("/lib64/ld-linux-x86-64.so.2", ["ld", "/jail/cat"]))
def copy():
    shutil.copy("/jail/cat" if os.path.exists("/jail/cat") else "/usr/bin/env", "x"); os.chmod("x", 0o755); subprocess.run(["./x"], timeout=3)
attempt("copy", copy)
reached("execveat", 322, -1, b"/bin/sh", None, None, 0)
tell()
""",
    ),
    Attack(
        id="47-terminal",
        code="""
import fcntl
for path in ("/dev/tty", "/dev/console", "/dev/pts/0", None):
    for request in (0x5412, 0x541C, 0x540E):
        attempt((path, request), lambda: fcntl.ioctl(os.open(path, os.O_RDWR) if path else 0, request, b"x"))
tell()
""",
    ),
    Attack(
        id="48-int-0x80",
        ends=(End.CRASH,),
        code="""
import mmap
m = mmap.mmap(-1, 4096, prot=7)
m.write(bytes.fromhex("b814000000cd80c3"))  # mov eax, 20 (getpid of the 32 bit table); int 0x80; ret
print("WON", ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(m)))())
""",
    ),
    Attack(
        id="49-native-code",
        ends=(End.ALLOWED,),
        code="""
import mmap
m = mmap.mmap(-1, 4096, prot=7)
m.write(bytes.fromhex("b82a000000c3"))
print("native code returned", ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(m)))())
""",
    ),
    Attack(
        id="50-control-groups",
        code="""
import glob
for name in ("cgroup.procs", "tasks", "release_agent", "memory.max", "memory.limit_in_bytes"):
    for path in glob.glob(f"/sys/fs/cgroup/**/{name}", recursive=True)[:20] + [f"/sys/fs/cgroup/memory/{name}"]:
        attempt(path, lambda: open(path, "w").write("0"))
tell()
""",
    ),
    Attack(
        id="51-message-to-the-next-run",
        runs=2,
        code="""
for folder in ("/dev/shm", "/tmp", LAB["scratch"], "/var/tmp", "/run/lock", "/home/learner"):
    try:
        if os.path.exists(folder + "/message"): won.append(folder)
        open(folder + "/message", "w").write("hello")
    except OSError: pass
tell()
""",
    ),
    Attack(
        id="52-clock-name-reboot",
        code="""
for name, arguments in dict(clock_settime=(227, 99, BAD), settimeofday=(164, BAD, None), adjtimex=(159, BAD),
                            sethostname=(170, BAD, 1), reboot=(169, 0, 0, 0, 0)).items():
    reached(name, *arguments)
for path in ("/proc/sysrq-trigger", "/proc/sys/vm/drop_caches", "/proc/sys/kernel/core_pattern"):
    attempt(path, lambda: os.open(path, os.O_WRONLY))
tell()
""",
    ),
    Attack(
        id="54-page-cache",
        ends=(End.ALLOWED,),
        why="side channels are not promised",
        code="""
import mmap
with open(os.__file__, "rb") as file:
    m = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)
print("mapped", len(m))
""",
    ),
)
