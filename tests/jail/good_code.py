# ruff: noqa: E501, RUF100  the code of cells
"""What ordinary learner code does and the jail must let through, in the form of the attacks."""

from __future__ import annotations

from jail.attacks import NAMESPACES, Attack

GOOD = (
    Attack(
        id="g01-fork-and-threads",
        code="""
import threading
t = threading.Thread(target=lambda: None); t.start(); t.join()
child = os.fork()
if not child: os._exit(3)
descriptor = os.pidfd_open(child)
import select
poll = select.poll(); poll.register(descriptor, select.POLLIN); assert poll.poll(5000)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 3
assert libc.prctl(1, 9, 0, 0, 0) == 0
print("HELD")
""",
    ),
    Attack(
        id="g02-descriptors-over-a-socket",
        code="""
a, b = socket.socketpair()
socket.send_fds(a, [b"x"], [1]); data, descriptors, _, _ = socket.recv_fds(b, 1, 2)
assert data == b"x" and len(descriptors) == 1
print("HELD")
""",
    ),
    Attack(
        id="g03-asyncio-and-files",
        code="""
import asyncio, tempfile, shutil, json, sqlite3
async def main():
    await asyncio.sleep(0.001)
    return await asyncio.to_thread(sum, [1, 2])
assert asyncio.run(main()) == 3
with tempfile.TemporaryDirectory() as folder:
    with open(folder + "/a", "w") as file: json.dump([1], file)
    shutil.copyfile(folder + "/a", "b")
    os.rename("b", "c"); os.replace("c", "d"); os.utime("d")
    if LAB["level"] != "C":
        shutil.copytree(folder, "kept"); shutil.copy2(folder + "/a", "b"); shutil.rmtree("kept"); os.chmod("d", 0o600)
with tempfile.NamedTemporaryFile() as file: file.write(b"x")
base = sqlite3.connect("base.db"); base.execute("create table t (x)"); base.commit(); base.close()
import zoneinfo, getpass, locale, decimal
print("HELD")
""",
    ),
    Attack(
        id="g04-processes-with-queues",
        levels=NAMESPACES,
        code="""
import multiprocessing
context = multiprocessing.get_context("fork")
queue = context.Queue()
process = context.Process(target=queue.put, args=([1, 2],)); process.start()
assert queue.get(timeout=5) == [1, 2]; process.join()
with context.Pool(2) as pool: assert pool.map(abs, [-1, 2]) == [1, 2]
print("HELD")
""",
    ),
    Attack(
        id="g05-torch",
        libraries=("torch",),
        code="""
import torch, io
model = torch.nn.Sequential(torch.nn.Conv2d(1, 4, 3), torch.nn.ReLU(), torch.nn.Flatten(), torch.nn.Linear(144, 2))
optimizer = torch.optim.Adam(model.parameters())
loss = model(torch.ones(2, 1, 8, 8)).pow(2).mean(); loss.backward(); optimizer.step()
torch.linalg.svd(torch.rand(9, 9)); torch.einsum("ij,jk", torch.rand(3, 3), torch.rand(3, 3))
torch.save(model.state_dict(), "m.pt"); model.load_state_dict(torch.load("m.pt"))
print("HELD")
""",
    ),
    Attack(
        id="g06-loader-workers",
        levels=NAMESPACES,
        libraries=("torch",),
        code="""
import torch
data = torch.utils.data.TensorDataset(torch.arange(12.0))
assert sum(len(batch[0]) for batch in torch.utils.data.DataLoader(data, batch_size=3, num_workers=2)) == 12
print("HELD")
""",
    ),
    Attack(
        id="g07-figures",
        libraries=("matplotlib",),
        code="""
os.environ["MPLCONFIGDIR"] = LAB["scratch"]
import matplotlib; matplotlib.use("Agg")
import matplotlib.pyplot as plt
plt.plot([1, 2]); plt.title("$x^2$"); plt.savefig("a.png"); plt.savefig("a.svg")
assert os.path.getsize("a.png") > 1000
print("HELD")
""",
    ),
    Attack(
        id="g08-an-exec-is-refused-in-words",
        code="""
import subprocess
try: subprocess.run(["ls"])
except (PermissionError, FileNotFoundError): print("HELD")
""",
    ),
    Attack(
        id="g09-data-that-is-shown-and-what-is-hidden-in-it",
        code="""
assert open(LAB["shown"] + "/data.txt").read() == "data"
for path in ("/secret.txt", "/hidden/secret.txt"):
    try:
        if open(LAB["shown"] + path).read(): won.append(path)
    except OSError: pass
attempt("list", lambda: won.extend(os.listdir(LAB["shown"] + "/hidden")) or open("/nonexistent"))
attempt("write", lambda: open(LAB["shown"] + "/data.txt", "a"))
attempt("unhide", lambda: os.chmod(LAB["shown"] + "/hidden", 0o777))
tell()
""",
    ),
    Attack(
        id="g10-network-where-it-is-left",
        levels=(),
        code="""
import ssl
s = socket.socket(); s.settimeout(2); s.connect(("127.0.0.1", LAB["port"])); s.setsockopt(6, 1, 1)
socket.getaddrinfo("localhost", 80)
attempt("raw", lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, 1))
attempt("netlink", lambda: socket.socket(16, 3, 0))
attempt("vsock", lambda: socket.socket(40, 1, 0))
attempt("abstract", lambda: socket.socket(socket.AF_UNIX).connect(chr(0) + LAB["abstract"]))
tell()
""",
    ),
)
