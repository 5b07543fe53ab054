"""What a supervisor and a root say to each other, one byte at a time, over the control socket of the root.

Enters and leaves: nothing, these are names. Invariant: a request comes with the descriptors that its answer needs.
"""

from __future__ import annotations

READY = b"R"  # the libraries are in, and the root can be forked
BUSY = b"T"  # they have left threads running, so it cannot
PLAIN = b"0"  # fork, as you are
NAMESPACES = b"1"  # fork, and enter the jail behind the last descriptor
NAMESPACES_AND_USER = b"2"  # and its user namespace
