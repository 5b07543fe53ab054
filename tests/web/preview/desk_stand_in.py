"""A small server for the page's scripts: pages and files as `draw` gives them, POSTs answered by rule and kept."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

from draw import answer
from playwright.sync_api import Route
from samples import chrome

from foretell.web.drawing import draw_cell
from foretell.web.views import CellView

Reply = dict[str, object]
LESSON = "nn-module"


def drawn(cell: CellView) -> str:
    return draw_cell(cell, chrome(), LESSON)


def events(*messages: tuple[str, Reply]) -> str:
    lines = (f"id: {n}\nevent: {name}\ndata: {json.dumps(data)}\n\n" for n, (name, data) in enumerate(messages, 1))
    return "".join(lines)


@dataclass
class StandIn:
    """`replies` maps the last part of a POST's path to its JSON or to a function of its fields; `stream` is a run's."""

    replies: dict[str, Reply | Callable[[dict[str, str]], Reply]] = field(default_factory=dict)
    status: dict[str, int] = field(default_factory=dict)
    stream: str = ""
    away: bool = False
    posts: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def answer(self, route: Route) -> None:
        path = urlsplit(route.request.url).path
        if self.away and not path.startswith("/static/"):
            route.abort()
        elif route.request.method == "POST":
            self._post(route, path)
        elif path.endswith("/events"):
            route.fulfill(status=200, body=self.stream, content_type="text/event-stream")
        else:
            answer(route)

    def _post(self, route: Route, path: str) -> None:
        assert route.request.headers["x-foretell-token"] == "sample-token"
        fields = {name: values[-1] for name, values in parse_qs(route.request.post_data or "").items()}
        name = path.rsplit("/", 1)[-1]
        self.posts.append((name, fields))
        reply = self.replies.get(name, {})
        data = reply(fields) if callable(reply) else reply
        route.fulfill(status=self.status.get(name, 200), body=json.dumps(data), content_type="application/json")

    def sent(self, name: str) -> list[dict[str, str]]:
        """The fields of every POST of this name."""
        return [fields for what, fields in self.posts if what == name]
