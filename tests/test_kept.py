"""Texts kept in a folder: whole or not there, and never a reason to fail."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from foretell.kept import FolderCache


@contextmanager
def small_files() -> Iterator[None]:
    """No file may grow beyond 1,000 bytes, as on a full disk. Not for long: what pytest prints may be one."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_what_was_put_is_there(tmp_path: Path) -> None:
    FolderCache(tmp_path / "new").put("key", "text")
    cache = FolderCache(tmp_path / "new")
    assert cache.has("key")
    assert (cache.get("key"), cache.get("other"), cache.has("other")) == ("text", None, False)


def test_what_does_not_fit_leaves_nothing_behind(tmp_path: Path) -> None:
    cache = FolderCache(tmp_path)
    with small_files():
        cache.put("key", "x" * 5000)
    assert not cache.has("key")
    assert list(tmp_path.iterdir()) == []


def test_beyond_its_room_the_oldest_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("foretell.kept.MOST_BYTES", 25)
    cache = FolderCache(tmp_path)
    for name in ("a", "b", "c"):
        cache.put(name, "x" * 10)
    assert len(list(tmp_path.iterdir())) == 2
    assert cache.has("c")
