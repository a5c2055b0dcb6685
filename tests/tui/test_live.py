"""The console on a real Valkey, with jobs written by RQ and run by a real worker."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from rq import Queue

from console.tui.app import ConsoleApp
from console.tui.screens.job import JobScreen
from tests.tui import tasks
from tests.tui.support import line_with, lines, press, screen, settle

if TYPE_CHECKING:
    from redis import Redis

Make = Callable[..., ConsoleApp]


async def test_the_overview_counts_what_rq_counts(live_console: Make, shop: dict[str, str]) -> None:
    app = live_console()
    async with app.run_test(size=(200, 60)) as pilot:
        await settle(pilot)
        header = line_with(app, "QUEUE", "FAILED", "SCHED", "DEFER")
        counted = {}
        for queue in ("emails", "later", "images"):
            row = next(line for line in lines(app) if line[2:].startswith(f"{queue} "))
            counted[queue] = {
                label: row[: header.index(label) + len(label)].split()[-1]
                for label in ("QUEUED", "FAILED", "FINISHED", "SCHED", "DEFER")
            }
    assert counted["emails"] == {"QUEUED": "-", "FAILED": "1", "FINISHED": "1", "SCHED": "-", "DEFER": "-"}
    assert counted["images"] == {"QUEUED": "-", "FAILED": "-", "FINISHED": "-", "SCHED": "1", "DEFER": "-"}
    assert counted["later"] == {"QUEUED": "1", "FAILED": "-", "FINISHED": "-", "SCHED": "1", "DEFER": "1"}


async def test_a_queue_without_a_worker_needs_the_operator(live_console: Make, shop: dict[str, str]) -> None:
    app = live_console()
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        assert "no worker listens; 1 wait" in line_with(app, "!! later")
        # Enter on it leads to its jobs.
        await press(pilot, "tab", "enter")
        assert app.current_mode == "jobs"
        assert "Jobs  ›  later" in lines(app)[1]
        assert shop["queued"][:12] in screen(app)


async def test_each_state_lists_its_jobs(live_console: Make, shop: dict[str, str]) -> None:
    app = live_console()
    async with app.run_test(size=(200, 60)) as pilot:
        await settle(pilot)
        await press(pilot, "2")
        for state in ("queued", "started", "failed", "finished", "scheduled", "deferred", "canceled"):
            assert f" {state} " in lines(app)[2]
            expected = {name for name in (state, "retried" if state == "scheduled" else state) if name in shop}
            assert all(shop[name] in screen(app) for name in expected), screen(app)
            assert (f"nothing is {state} here" in screen(app)) == (not expected)
            await press(pilot, "right_square_bracket")


async def test_a_failed_job_shows_its_error_and_its_arguments(live_console: Make, shop: dict[str, str]) -> None:
    app = live_console()
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await press(pilot, "3", "f")
        assert "ConnectionError" in line_with(app, shop["failed"][:12])
        await press(pilot, "enter")
        assert isinstance(app.screen, JobScreen)
        assert "tests.tui.tasks.fail('chi@example.org')" in screen(app)
        assert "ConnectionError: mail server refused chi@example.org" in screen(app)
        assert "web-1.1" in line_with(app, "worker")
        assert "created" in screen(app)
        assert "✗ failed" in screen(app)
        await press(pilot, "escape")
        assert app.current_mode == "jobs"
        assert not isinstance(app.screen, JobScreen)


async def test_a_finished_job_shows_its_result_first(live_console: Make, shop: dict[str, str]) -> None:
    app = live_console()
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await app.go_to_job(shop["finished"])
        await settle(pilot)
        assert "42" in screen(app)
        assert "tests.tui.tasks.add(2, b=40)" in screen(app)
        await press(pilot, "right_square_bracket", "right_square_bracket")
        assert "ana" in line_with(app, "user")


async def test_a_job_that_is_deleted_while_it_is_looked_at_stays_readable(
    live_console: Make, shop: dict[str, str], redis_client: Redis
) -> None:
    app = live_console()
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await app.go_to_job(shop["failed"])
        await settle(pilot)
        redis_client.delete(f"rq:job:{shop['failed']}")
        await press(pilot, "r")
        assert "gone: this was seen last" in lines(app)[1]
        assert "ConnectionError: mail server refused" in screen(app)


async def test_an_id_that_no_job_has_says_so(live_console: Make, shop: dict[str, str]) -> None:
    app = live_console()
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await app.go_to_job("nobody")
        await settle(pilot)
        assert "gone: it has expired or was deleted" in lines(app)[1]


async def test_a_list_of_many_reads_only_what_is_seen(live_console: Make, redis_client: Redis) -> None:
    queue = Queue("many", connection=redis_client)
    with redis_client.pipeline() as pipe:
        for number in range(3000):
            queue.enqueue_call(tasks.add, (number, 1), job_id=f"job-{number:04d}", pipeline=pipe)
        pipe.execute()
    app = live_console()
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await press(pilot, "2")
        assert "1 of 3,000" in lines(app)[1]
        assert "job-0000" in screen(app)
        await press(pilot, "G")
        assert "3,000 of 3,000" in lines(app)[1]
        assert "job-2999" in line_with(app, "❯")
        await press(pilot, "pageup", "k", "s")
        assert "newest first" in lines(app)[1]
        assert "job-2999" in line_with(app, "❯")


async def test_the_cursor_stays_on_its_job_while_others_come_and_go(live_console: Make, redis_client: Redis) -> None:
    queue = Queue("moving", connection=redis_client)
    for number in range(60):
        queue.enqueue_call(tasks.add, (number, 1), job_id=f"job-{number:02d}")
    app = live_console()
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await press(pilot, "2", "pagedown", "pagedown", "k")
        place, name = lines(app)[1].split()[-3], line_with(app, "❯").split()[1]
        before = lines(app).index(line_with(app, f"❯ {name}"))
        for _ in range(5):
            redis_client.lpop("rq:queue:moving")
        await press(pilot, "r")
        assert f"{int(place) - 5} of 55" in lines(app)[1]
        assert lines(app).index(line_with(app, f"❯ {name}")) == before
        # When the job itself goes, the cursor stays where it is.
        redis_client.lrem("rq:queue:moving", 1, name)
        await press(pilot, "r")
        assert lines(app).index(line_with(app, "❯")) == before
        assert name not in line_with(app, "❯")


async def test_new_jobs_wait_above_a_list_that_is_scrolled(live_console: Make, redis_client: Redis) -> None:
    queue = Queue("growing", connection=redis_client)
    for number in range(100):
        queue.enqueue_call(tasks.add, (number, 1), job_id=f"job-{number:03d}")
    app = live_console()
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await press(pilot, "2", "s", *["pagedown"] * 2)
        shown = [line.rstrip(" ▐").split()[-2:] for line in lines(app)[5:20]]
        for number in range(100, 112):
            queue.enqueue_call(tasks.add, (number, 1), job_id=f"job-{number:03d}")
        await press(pilot, "r")
        assert "12 new above: g" in lines(app)[1]
        assert [line.rstrip(" ▐").split()[-2:] for line in lines(app)[5:20]] == shown
        await press(pilot, "g")
        assert "job-111" in line_with(app, "❯")
        assert "new above" not in screen(app)


async def test_workers_are_listed_with_what_they_did(live_console: Make, redis_client: Redis) -> None:
    from rq import SimpleWorker

    queue = Queue("emails", connection=redis_client)
    worker = SimpleWorker([queue], connection=redis_client, name="web-9.77")
    worker.register_birth()
    app = live_console()
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await press(pilot, "4")
        assert "emails" in line_with(app, "web-9.77", "❯")
        assert "1 worker" in lines(app)[1]
        assert "heartbeat" in screen(app)
    worker.register_death()


async def test_no_size_breaks_a_screen(live_console: Make, shop: dict[str, str]) -> None:
    app = live_console()
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        for keys in (("1",), ("2", "j"), ("3", "enter"), ("question_mark",), ("escape", "escape", "4")):
            await press(pilot, *keys)
            for size in ((60, 15), (40, 10), (1, 1), (300, 100), (80, 24)):
                await pilot.resize_terminal(*size)
                await settle(pilot)
                assert all(len(line) <= size[0] for line in lines(app)), screen(app)


async def test_an_empty_redis_says_what_will_appear(live_console: Make) -> None:
    app = live_console()
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        assert "no queues yet" in screen(app)
        await press(pilot, "2")
        assert "nothing is queued here" in screen(app)
        await press(pilot, "4")
        assert "no worker is known" in screen(app)
        await press(pilot, "enter", "j", "G")


async def test_the_palette_goes_to_a_queue_and_to_a_job_by_its_id(live_console: Make, shop: dict[str, str]) -> None:
    app = live_console()
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await press(pilot, "ctrl+k")
        await pilot.press(*"queue images")
        await pilot.app.workers.wait_for_complete()
        await press(pilot, "enter")
        assert "Jobs  ›  images" in lines(app)[1]
