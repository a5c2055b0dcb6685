"""What lies around a job, on a real server: its log as it is written, the jobs it hangs together with, its keys."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from rq import Queue

from console.tui.app import ConsoleApp
from console.tui.widgets.text_view import TextView
from tests.tui import tasks
from tests.tui.support import line_with, press, screen, settle

if TYPE_CHECKING:
    from redis import Redis

_NEXT, _LAST = "right_square_bracket", "left_square_bracket"


async def test_log_progress_tree_and_raw(live_console: Callable[..., ConsoleApp], redis_client: Redis) -> None:
    queue = Queue("later", connection=redis_client)
    first = queue.enqueue(tasks.add, 1, b=1, job_id="first")
    middle = queue.enqueue(tasks.add, 1, b=2, job_id="middle", depends_on=first)
    queue.enqueue(tasks.add, 1, b=3, job_id="last", depends_on=middle)
    redis_client.hset("rq:job:middle", "status", "started")
    redis_client.hset("pantry:progress:middle", mapping={"done": 3, "total": 4, "message": "drawing"})
    pipe = redis_client.pipeline()
    for number in range(1200):
        pipe.xadd("pantry:log:middle", {"line": f"line {number}"})
    pipe.execute()
    app = live_console()
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await app.go_to_job("middle")
        await settle(pilot)
        await press(pilot, "r")
        assert "75 %" in line_with(app, "3 of 4", "drawing")
        await press(pilot, _NEXT)
        assert "line 1199" in screen(app)
        redis_client.xadd("pantry:log:middle", {"line": "\x1b[2Jnews"})
        await press(pilot, "r")
        assert "\\x1b[2Jnews" in screen(app)
        await press(pilot, "g")
        redis_client.xadd("pantry:log:middle", {"line": "not seen yet"})
        await press(pilot, "r")
        assert "line 0 " in f"{line_with(app, 'line 0')} "
        assert "not seen yet" not in screen(app)
        text = app.screen.query_one("#job-text", TextView)
        assert len(text.lines) == 1202
        await press(pilot, _NEXT)
        assert "queued" in line_with(app, "└─ first")
        assert "deferred" in line_with(app, "└─ last")
        await press(pilot, "G", "enter")
        assert line_with(app, "Job  ›  last", "deferred")
        await press(pilot, "escape", _NEXT)
        assert "rq:job:middle" in screen(app)
        assert line_with(app, "lines of its log", "1,202")
        await press(pilot, _LAST, "escape")
