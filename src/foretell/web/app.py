"""The web door: the one place where lessons, store and runtime meet pages.

Enters: requests. Leaves: pages, fragments, streams. Invariant: everything but static files is for a `Visitor` only, and
is theirs alone; everything that changes something passes `Guard.refuses_post`; one POST does one thing and returns what
the page has to change.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
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

from foretell.due import asked_again
from foretell.errors import CommitError, ForetellError, LessonError, RuntimeUnavailable, StoreError, UsageError
from foretell.memory import in_lesson, remember
from foretell.model.run import DisplayOutput
from foretell.web.actions import OF_A_CELL, OF_A_LESSON, Action
from foretell.web.catalogue import beliefs_page
from foretell.web.cells import scene_of
from foretell.web.desk import Desk
from foretell.web.drawing import draw_page
from foretell.web.guard import Refusal, frame_headers, page_headers
from foretell.web.outputs import frame_document
from foretell.web.page_views import ErrorPage, HomeLesson, HomePage, RecordedPage, ReviewPage
from foretell.web.pages import Offered, home_lesson, lesson_page, report_page
from foretell.web.player import Player, prefix_through
from foretell.web.posted import Posted
from foretell.web.remembering import (
    Played,
    asked_again_in_words,
    count_due,
    home_ideas,
    report_ideas,
    review_items,
)
from foretell.web.shelves import Offers
from foretell.web.views import Chrome
from foretell.web.visitors import Onward, Visitor

_STATIC = Path(__file__).parent / "static"
_LARGEST_FORM_FIELDS = 500

Handler = Callable[[Request], Awaitable[Response]]


def create_app(desk: Desk) -> Starlette:
    """Wire the web door to an open desk; the desk is closed with the app."""

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        tidying = asyncio.create_task(desk.players.keep_few())
        yield
        tidying.cancel()
        await desk.close()

    app = Starlette(
        routes=[
            Route("/", _kept_in(_home)),
            Route("/open", _kept_in(_open)),
            Route("/recorded", _kept_in(_recorded)),
            Route("/review", _kept_in(_review)),
            Route("/l/{lesson}", _kept_in(_lesson)),
            Route("/l/{lesson}/report", _kept_in(_report)),
            Route("/l/{lesson}/beliefs", _kept_in(_beliefs)),
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


def _visitor(request: Request) -> Visitor:
    """Give who asks; only in what `_kept_in` has let through."""
    visitor: Visitor = request.state.visitor
    return visitor


def _kept_in(handler: Handler) -> Handler:
    """Let a GET through only under this server's names, and only for a visitor."""

    async def guarded(request: Request) -> Response:
        desk = _desk(request)
        refusal = _refuses_host(request) or desk.guard.refuses_get(request.headers)
        if refusal is not None:
            return await _refused(request, refusal)
        match desk.admission.admit(request.query_params, request.cookies.get(desk.admission.cookie.name)):
            case Refusal() as refusal:
                return await _refused(request, refusal)
            case Onward() as onward:
                return _onward(request, onward)
            case Visitor() as visitor:
                request.state.visitor = visitor
        return await handler(request)

    return guarded


def _onward(request: Request, onward: Onward) -> Response:
    """Send the browser to the address again, with a cookie where it is to keep one."""
    query = [(name, value) for name, value in request.query_params.multi_items() if name != onward.part]
    if onward.turn == "added":
        query.append((onward.part, "1"))
    response = _redirect(request, request.url.path + (f"?{urlencode(query)}" if query else ""))
    response.headers["Cache-Control"] = "no-store"
    if onward.cookie is not None:
        kind = _desk(request).admission.cookie
        response.set_cookie(
            kind.name, onward.cookie, httponly=True, samesite=kind.same_site, path="/", max_age=kind.seconds,
            secure=request.url.scheme == "https",
        )  # fmt: skip
    return response


def _redirect(request: Request, where: str) -> Response:
    """Send the browser on. One that came by another site's link would not send the cookie along a redirect."""
    if request.headers.get("sec-fetch-site") not in {"cross-site", "same-site"}:
        return RedirectResponse(where, 303)
    address = escape(where)
    return _page(
        request,
        f'<!doctype html><html lang="en"><meta charset="utf-8"><meta http-equiv="refresh" content="0;url={address}">'
        f'<title>foretell</title><p><a href="{address}">Open foretell</a></p></html>',
    )


def _refuses_host(request: Request) -> Refusal | None:
    if _desk(request).guard.knows_host(request.headers.get("host", "")):
        return None
    return Refusal(status=421, says="This address is not one foretell answers to. Use the address it printed.")


def _posted(action: Action) -> Handler:
    """Let a POST through only from a visitor's own pages, and give the action what it needs."""

    async def guarded(request: Request) -> Response:
        desk = _desk(request)
        visitor = _refuses_host(request) or desk.admission.recognise(request.cookies.get(desk.admission.cookie.name))
        if isinstance(visitor, Refusal):
            return await _refused(request, visitor)
        form = await request.form(max_files=0, max_fields=_LARGEST_FORM_FIELDS)
        token = request.headers.get("x-foretell-token") or str(form.get("token", ""))
        refusal = desk.guard.refuses_post(request.headers, token, visitor.token)
        if refusal is not None:
            return await _refused(request, refusal)
        lesson = await asyncio.to_thread(desk.shelf.lesson, request.path_params["lesson"])
        async with desk.players.use(visitor.learner, lesson) as player:
            posted = Posted(
                desk=desk,
                player=player,
                now=await player.now(),
                form=form,
                chrome=desk.chrome(lesson.title, _nonce(request), visitor.token),
                cell=request.path_params.get("cell", ""),
                wants_fragment=_wants_fragment(request),
            )
            return await action(posted)

    return guarded


def _wants_fragment(request: Request) -> bool:
    return request.headers.get("x-foretell-fragment") == "1"


def _page(request: Request, page: str, status: int = 200) -> Response:
    return HTMLResponse(page, status, headers=page_headers(_nonce(request)))


def _chrome(request: Request, title: str) -> Chrome:
    return _desk(request).chrome(title, _nonce(request), _visitor(request).token)


@asynccontextmanager
async def _playing(request: Request) -> AsyncIterator[Player]:
    """Give the visitor's player of the lesson that the address names."""
    desk = _desk(request)
    lesson = await asyncio.to_thread(desk.shelf.lesson, request.path_params["lesson"])
    async with desk.players.use(_visitor(request).learner, lesson) as player:
        yield player


async def _home(request: Request) -> Response:
    def drawn() -> str:
        desk, learner = _desk(request), _visitor(request).learner
        offers = desk.shelf.offers(learner)
        played = _played(offers)
        lessons = {each.lesson.id: each.lesson for each in played}
        remembered = remember(desk.store.predictions_of(learner), desk.store.checks_of(learner), lessons)
        page = HomePage(
            chrome=_chrome(request, "Lessons"),
            lessons=tuple(_home_lesson(each) for each in offers.lessons),
            recent=tuple(_home_lesson(each) for each in offers.recent),
            due=count_due(played, desk.store.now()),
            ideas=tuple(home_ideas(remembered, lessons)),
        )
        return draw_page(page)

    return _page(request, await asyncio.to_thread(drawn))


def _played(offers: Offers) -> tuple[Played, ...]:
    return tuple(Played(lesson=each.lesson, history=each.history) for each in (*offers.recent, *offers.lessons))


async def _review(request: Request) -> Response:
    def drawn() -> str:
        desk, learner = _desk(request), _visitor(request).learner
        items = review_items(_played(desk.shelf.offers(learner)), learner, desk.store.now())
        return draw_page(ReviewPage(chrome=_chrome(request, "To ask again"), items=items))

    return _page(request, await asyncio.to_thread(drawn))


def _home_lesson(offered: Offered) -> HomeLesson:
    return home_lesson(offered, lambda lesson, history: scene_of(lesson, history, {}))


async def _open(request: Request) -> Response:
    lesson = await asyncio.to_thread(_desk(request).shelf.open, request.query_params.get("lesson", ""))
    return RedirectResponse(f"/l/{lesson.id}", 303)


async def _lesson(request: Request) -> Response:
    desk = _desk(request)
    lesson = await asyncio.to_thread(desk.shelf.reread, request.path_params["lesson"])
    async with desk.players.use(_visitor(request).learner, lesson) as player:
        if lesson.language == "python":
            player.warm()
        chrome = _chrome(request, lesson.title)
        return _page(request, await asyncio.to_thread(lambda: draw_page(lesson_page(desk.scene(player), chrome))))


async def _report(request: Request) -> Response:
    async with _playing(request) as player:
        desk, learner, lesson = _desk(request), _visitor(request).learner, player.lesson

        def drawn() -> str:
            scene = desk.scene(player)
            told = (desk.store.predictions_of(learner), desk.store.checks_of(learner))
            ideas = report_ideas(scene, in_lesson(remember(*told, {lesson.id: lesson}), lesson.id))
            again = asked_again_in_words(asked_again(lesson, scene.now.record))
            return draw_page(report_page(scene, chrome, ideas, again))

        chrome = _chrome(request, f"What your predictions say · {lesson.title}")
        return _page(request, await asyncio.to_thread(drawn))


async def _beliefs(request: Request) -> Response:
    async with _playing(request) as player:
        chrome = _chrome(request, f"Ideas that mislead · {player.lesson.title}")
        scene = _desk(request).scene
        page = await asyncio.to_thread(lambda: draw_page(beliefs_page(player.lesson, scene(player), chrome)))
        return _page(request, page)


async def _recorded(request: Request) -> Response:
    desk = _desk(request)
    page = RecordedPage(chrome=_chrome(request, "What is recorded"), where=desk.where, known_by=desk.known_by)
    return _page(request, draw_page(page))


async def _variables(request: Request) -> Response:
    async with _playing(request) as player:
        prefix = prefix_through(await player.now(), None)
        found = await player.session.variables(prefix) if prefix else ()
        return JSONResponse({"rows": [[v.name, v.type, v.text] for v in found]})


async def _events(request: Request) -> Response:
    player = _desk(request).players.find(_visitor(request).learner, request.path_params["lesson"])
    live = player.live(request.path_params["press"]) if player else None
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
    run_id, place = request.path_params["run"], request.path_params["place"]
    press = request.query_params.get("live", "")
    async with _playing(request) as player:
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
    chrome = _desk(request).chrome(heading, _nonce(request), "")
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
