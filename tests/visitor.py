"""A page's scripts, played by hand: what a browser posts to a running foretell, and a notebook to play with."""

from __future__ import annotations

import http.client
import json
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit
from uuid import uuid4

ASKING = "## Exercise {n}: Ask (Guided)\n\n**Predict before you run:**\n\n1. What number will it print?"


def asking_notebook(kills: int) -> str:
    """A notebook with a predicted cell for each kill, and one to write in."""
    cells: list[dict[str, object]] = [{"cell_type": "markdown", "id": "top", "metadata": {}, "source": "# Killed"}]
    for n in range(1, kills + 1):
        code = {"cell_type": "code", "id": f"c{n}", "metadata": {}, "source": f"print({n})", "outputs": []}
        cells += [
            {"cell_type": "markdown", "id": f"m{n}", "metadata": {}, "source": ASKING.format(n=n)},
            code | {"execution_count": None},
        ]
    cells += [{"cell_type": "markdown", "id": "end", "metadata": {}, "source": "## Free\n\nWrite."}]
    free = {"cell_type": "code", "id": "free", "metadata": {}, "source": "# TODO\nx = None", "outputs": []}
    cells += [free | {"execution_count": None}]
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells})


class Visitor:
    """A page's scripts, by hand: what they post, and what the server said yes to."""

    def __init__(self, address: str) -> None:
        parts = urlsplit(address)
        self.host = parts.netloc
        self.cookie = ""
        _, headers, _ = self._ask("GET", f"{parts.path}?{parts.query}")
        self.cookie = headers["set-cookie"].partition(";")[0]
        _, headers, _ = self._ask("GET", f"/open?lesson={parse_qs(parts.query)['lesson'][0]}")
        self.home = headers["location"]
        _, _, page = self._ask("GET", self.home)
        self.token = re.search(r'name="foretell-token" content="(\w+)"', page)[1]

    def _ask(self, method: str, path: str, body: str = "") -> tuple[int, dict[str, str], str]:
        connection = http.client.HTTPConnection(self.host, timeout=20)
        headers = {"Cookie": self.cookie, "Origin": f"http://{self.host}"}
        if method == "POST":
            headers |= {"X-Foretell-Token": self.token, "X-Foretell-Fragment": "1"}
            headers |= {"Content-Type": "application/x-www-form-urlencoded"}
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read().decode()
        finally:
            connection.close()

    def post(self, path: str, **fields: str) -> dict[str, str]:
        status, _, text = self._ask("POST", self.home + path, urlencode({"key": uuid4().hex} | fields))
        assert status == 200, text
        return json.loads(text)

    def follow(self, path: str) -> bool:
        """Read the stream of a run; whether it was told that the run has ended."""
        return "event: done" in self._ask("GET", path)[2]


def start(notebook: Path, data: Path) -> tuple[subprocess.Popen[str], str]:
    command = [sys.executable, "-m", "foretell.cli", "learn", str(notebook), "--no-browser", "--data", str(data)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    found = next(found for line in iter(process.stdout.readline, "") if (found := re.search(r"http://\S+", line)))
    return process, found[0]
