"""Draws the sample pages as the server would (same headers, same templates) and, run as a script, takes pictures.

PYTHONPATH=tests python tests/web/preview/draw.py FOLDER [page ...]
"""

import mimetypes
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, Page, Route
from samples import PAGES

from chromium import AXE, chromium
from foretell.web.drawing import draw_page
from foretell.web.guard import page_headers

WEB = Path(__file__).parents[3] / "src" / "foretell" / "web"
ORIGIN = "http://localhost"
SIZES = {"wide": (1280, 900), "phone": (390, 844), "narrow": (320, 700)}


def html_of(name: str) -> str:
    return draw_page(PAGES[name]())


def answer(route: Route) -> None:
    """Answer a request of a sample page: pages and static files only."""
    path = urlsplit(route.request.url).path
    static = WEB / path.lstrip("/")
    if path.startswith("/static/") and static.is_file():
        kind = mimetypes.guess_type(static.name)[0] or "application/octet-stream"
        route.fulfill(status=200, body=static.read_bytes(), content_type=kind)
    elif path.lstrip("/") in PAGES:
        route.fulfill(
            status=200, body=html_of(path.lstrip("/")), content_type="text/html; charset=utf-8",
            headers=page_headers("sample-nonce"),
        )  # fmt: skip
    else:
        route.fulfill(status=404, body="")


@contextmanager
def profile_of(browser: Browser) -> Iterator[BrowserContext]:
    """Give a browser profile in which every address is answered with a sample page."""
    context = browser.new_context()
    context.route("**/*", answer)
    yield context
    context.close()


def opened(context: BrowserContext, name: str, scheme: str, size: str) -> tuple[Page, list[str]]:
    """Open a sample page and give it with what its console complained about."""
    page = context.new_page()
    complaints: list[str] = []
    page.on(
        "console", lambda message: complaints.append(message.text) if message.type in {"error", "warning"} else None
    )
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.set_viewport_size(dict(zip(("width", "height"), SIZES[size], strict=True)))
    page.emulate_media(color_scheme=scheme)
    page.goto(f"{ORIGIN}/{name}")
    page.wait_for_selector("html[data-ready]", state="attached", timeout=5000)
    page.wait_for_timeout(250)
    return page, [c for c in complaints if "404" not in c]


def violations(page: Page) -> list[str]:
    page.evaluate(AXE.read_text("utf-8"))
    found = page.evaluate("axe.run().then((r) => r.violations)")
    return [f"{v['id']}: {n['html'][:160]} ({n['failureSummary'][:200]})" for v in found for n in v["nodes"][:4]]


def overflows(page: Page) -> int:
    return page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")


def main(folder: Path, names: list[str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with chromium() as browser, profile_of(browser) as context:
        for name in names or list(PAGES):
            for scheme, size in (("light", "wide"), ("dark", "wide"), ("light", "phone"), ("light", "narrow")):
                page, complaints = opened(context, name, scheme, size)
                page.screenshot(path=folder / f"{name}-{scheme}-{size}.png", full_page=True)
                sys.stdout.write(f"{name} {scheme} {size}: overflow {overflows(page)}\n")
                for line in complaints + violations(page):
                    sys.stdout.write(f"  {line}\n")
                page.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
