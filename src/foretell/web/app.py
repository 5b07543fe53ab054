"""The web door: the one place where lessons, store and runtime meet pages.

Enters: requests on loopback. Leaves: pages, fragments, streams. Invariant: everything but static files needs the key;
everything that changes something passes `Guard.refuses_post`; one POST does one thing and returns what the page has to
change.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlencode

from markupsafe import escape
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from foretell.errors import CommitError, ForetellError, LessonError, RuntimeUnavailable, StoreError, UsageError
from foretell.model.run import DisplayOutput
from foretell.web.actions import OF_A_CELL, OF_A_LESSON, Action
from foretell.web.cells import scene_of
from foretell.web.desk import Desk
from foretell.web.drawing import draw_page
from foretell.web.guard import Refusal, frame_headers, page_headers
from foretell.web.outputs import frame_document
from foretell.web.pages import home_lesson, lesson_page, report_page
from foretell.web.posted import Posted
from foretell.web.views import ErrorPage, HomePage, RecordedPage

_STATIC = Path(__file__).parent / "static"
_LARGEST_FORM_FIELDS = 500

Handler = Callable[[Request], Awaitable[Response]]


def create_app(desk: Desk) -> Starlette:
    """Wire the web door to an open desk; the desk is closed with the app."""

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        yield
        await desk.close()

    app = Starlette(
        routes=[
            Route("/", _kept_in(_home)),
            Route("/open", _kept_in(_open)),
            Route("/recorded", _kept_in(_recorded)),
            Route("/l/{lesson}", _kept_in(_lesson)),
            Route("/l/{lesson}/report", _kept_in(_report)),
            Route("/l/{lesson}/variables", _kept_in(_variables)),
            Route("/l/{lesson}/runs/{press:int}/events", _kept_in(_events)),
            Route("/l/{lesson}/outputs/{run:int}/{place:int}", _kept_in(_output)),
            *(
                Route(f"/l/{{lesson}}/{name}", _posted(action), methods=["POST"])
                for name, action in OF_A_LESSON.items()
            ),
            *(
                Route(f"/l/{{lesson}}/cells/{{cell}}/{name}", _posted(action), methods=["POST"])
                for name, action in OF_A_CELL.items()
            ),
            Mount("/static", StaticFiles(directory=_STATIC), name="static"),
        ],
        middleware=[Middleware(GZipMiddleware, minimum_size=1000)],
        exception_handlers={ForetellError: _say_error, HTTPException: _say_http, Exception: _say_fault},
        lifespan=lifespan,
    )
    app.state.desk = desk
    return app


def _desk(request: Request) -> Desk:
    desk: Desk = request.app.state.desk
    return desk


def _nonce(request: Request) -> str:
    if not hasattr(request.state, "nonce"):
        request.state.nonce = secrets.token_urlsafe(16)
    nonce: str = request.state.nonce
    return nonce


def _kept_in(handler: Handler) -> Handler:
    """Let a GET through only for this machine's names, and only with the key."""

    async def guarded(request: Request) -> Response:
        refusal = _refuses(request)
        if refusal is not None:
            return await _refused(request, refusal)
        offered = request.query_params.get("key")
        if offered is None:
            return await handler(request)
        rest = [(name, value) for name, value in request.query_params.multi_items() if name != "key"]
        response = _onward(request, request.url.path + (f"?{urlencode(rest)}" if rest else ""))
        response.set_cookie(
            _desk(request).guard.cookie, offered, httponly=True, samesite="strict", path="/", max_age=30 * 86400
        )
        return response

    return guarded


def _onward(request: Request, where: str) -> Response:
    """Send the browser on. One that came by another site's link would not send the cookie along a redirect."""
    if request.headers.get("sec-fetch-site") not in {"cross-site", "same-site"}:
        return RedirectResponse(where, 303)
    address = escape(where)
    return _page(
        request,
        f'<!doctype html><html lang="en"><meta charset="utf-8"><meta http-equiv="refresh" content="0;url={address}">'
        f'<title>foretell</title><p><a href="{address}">Open foretell</a></p></html>',
    )


def _refuses(request: Request) -> Refusal | None:
    guard = _desk(request).guard
    if not guard.knows_host(request.headers.get("host", "")):
        return Refusal(status=421, says="This address is not one foretell answers to. Use the address it printed.")
    if request.method != "POST" and (refusal := guard.refuses_get(request.headers)):
        return refusal
    offered = request.query_params.get("key")
    if guard.holds_key(offered if offered is not None else request.cookies.get(guard.cookie)):
        return None
    return Refusal(
        status=403,
        says="This browser has no key to this foretell. Open the address that foretell printed when it began.",
    )


def _posted(action: Action) -> Handler:
    """Let a POST through only from our own pages, and give the action what it needs."""

    async def guarded(request: Request) -> Response:
        refusal = _refuses(request)
        if refusal is not None:
            return await _refused(request, refusal)
        form = await request.form(max_files=0, max_fields=_LARGEST_FORM_FIELDS)
        desk = _desk(request)
        token = request.headers.get("x-foretell-token") or str(form.get("token", ""))
        refusal = desk.guard.refuses_post(request.headers, token)
        if refusal is not None:
            return await _refused(request, refusal)
        lesson = await asyncio.to_thread(desk.lesson, request.path_params["lesson"])
        posted = Posted(
            desk=desk,
            player=await desk.player(lesson),
            form=form,
            chrome=desk.chrome(lesson.title, _nonce(request)),
            cell=request.path_params.get("cell", ""),
            wants_fragment=_wants_fragment(request),
        )
        return await action(posted)

    return guarded


def _wants_fragment(request: Request) -> bool:
    return request.headers.get("x-foretell-fragment") == "1"


def _page(request: Request, page: str, status: int = 200) -> Response:
    return HTMLResponse(page, status, headers=page_headers(_nonce(request)))


async def _home(request: Request) -> Response:
    desk = _desk(request)

    def drawn() -> str:
        ships, recent = desk.offered()
        page = HomePage(
            chrome=desk.chrome("Lessons", _nonce(request)),
            lessons=tuple(home_lesson(each, lambda lesson, history: scene_of(lesson, history, {})) for each in ships),
            recent=tuple(home_lesson(each, lambda lesson, history: scene_of(lesson, history, {})) for each in recent),
        )
        return draw_page(page)

    return _page(request, await asyncio.to_thread(drawn))


async def _open(request: Request) -> Response:
    lesson = await asyncio.to_thread(_desk(request).open, request.query_params.get("lesson", ""))
    return RedirectResponse(f"/l/{lesson.id}", 303)


async def _lesson(request: Request) -> Response:
    desk = _desk(request)
    lesson = await asyncio.to_thread(desk.reread, request.path_params["lesson"])
    player = await desk.player(lesson)
    if lesson.language == "python":
        player.warm()

    def drawn() -> str:
        return draw_page(lesson_page(desk.scene(player), desk.chrome(lesson.title, _nonce(request))))

    return _page(request, await asyncio.to_thread(drawn))


async def _report(request: Request) -> Response:
    desk = _desk(request)
    lesson = await asyncio.to_thread(desk.lesson, request.path_params["lesson"])
    player = await desk.player(lesson)

    def drawn() -> str:
        title = f"What your predictions say · {lesson.title}"
        return draw_page(report_page(desk.scene(player), desk.chrome(title, _nonce(request))))

    return _page(request, await asyncio.to_thread(drawn))


async def _recorded(request: Request) -> Response:
    desk = _desk(request)
    page = RecordedPage(chrome=desk.chrome("What is recorded", _nonce(request)), where=desk.where)
    return _page(request, draw_page(page))


async def _variables(request: Request) -> Response:
    desk = _desk(request)
    player = await desk.player(await asyncio.to_thread(desk.lesson, request.path_params["lesson"]))
    prefix = player.prefix_through(await player.history(), None)
    found = await player.session.variables(prefix) if prefix else ()
    return JSONResponse({"rows": [[v.name, v.type, v.text] for v in found]})


async def _events(request: Request) -> Response:
    desk = _desk(request)
    player = await desk.player(await asyncio.to_thread(desk.lesson, request.path_params["lesson"]))
    live = player.live(request.path_params["press"])
    if live is None:
        # 204 tells an EventSource to stop trying; the page then reloads what is on record.
        return Response(status_code=204)
    last = request.headers.get("last-event-id", "0")
    return StreamingResponse(
        live.lines(int(last) if last.isdecimal() else 0),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


async def _output(request: Request) -> Response:
    desk = _desk(request)
    player = await desk.player(await asyncio.to_thread(desk.lesson, request.path_params["lesson"]))
    run_id, place = request.path_params["run"], request.path_params["place"]
    press = request.query_params.get("live", "")
    html = player.frame(int(press), run_id, place) if press.isdecimal() and len(press) < 12 else None
    if html is None:
        kept = next((kept for kept in (await player.history()).runs if kept.id == run_id), None)
        outputs = kept.run.outputs if kept and kept.run else ()
        output = outputs[place] if place < len(outputs) else None
        html = output.data.get("text/html") if isinstance(output, DisplayOutput) else None
    if html is None:
        raise HTTPException(404)
    return HTMLResponse(frame_document(html), headers=frame_headers())


async def _refused(request: Request, refusal: Refusal) -> Response:
    return _said(request, "Not from here", refusal.says, refusal.status)


def _said(request: Request, heading: str, message: str, status: int) -> Response:
    if _wants_fragment(request):
        return JSONResponse({"problem": message, "announce": message}, status)
    # Whoever is refused reads this page too, so it carries no token.
    chrome = replace(_desk(request).chrome(heading, _nonce(request)), token="")
    return _page(request, draw_page(ErrorPage(chrome=chrome, heading=heading, message=message)), status)


async def _say_error(request: Request, error: Exception) -> Response:
    match error:
        case CommitError():
            heading, status = "Already on record", 409
        case LessonError():
            heading, status = "This notebook cannot be read", 422
        case StoreError():
            heading, status = "Your work could not be kept", 507
        case RuntimeUnavailable():
            heading, status = "Python could not be started", 503
        case UsageError():
            heading, status = "That cannot be done", 404 if request.method == "GET" else 409
        case _:
            heading, status = "That cannot be done", 500
    return _said(request, heading, str(error), status)


async def _say_http(request: Request, error: Exception) -> Response:
    status, detail = (error.status_code, error.detail) if isinstance(error, HTTPException) else (500, str(error))
    says = "There is nothing at this address. Go back to the lessons." if status == 404 else f"{detail.rstrip('.')}."
    return _said(request, "Nothing here" if status == 404 else "That cannot be done", says, status)


async def _say_fault(request: Request, error: Exception) -> Response:
    says = f"foretell made a mistake ({type(error).__name__}). Your work is kept; reload, and please report it."
    return _said(request, "A fault of foretell's", says, 500)
