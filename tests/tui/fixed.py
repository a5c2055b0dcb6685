"""A deployment that is always the same: what the screens are shown in tests, and in the pictures of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache

from console.tui.job_needs import JobLog, Trees
from pantry_queue.history import Figures, Sample, ServerFigures
from pantry_queue.monitor.joblog import Progress
from pantry_queue.monitor.model import (
    Argument,
    Counts,
    FailureGroup,
    FailureReport,
    JobDetail,
    JobNode,
    JobResult,
    JobRow,
    Payload,
    QueueStat,
    RedisFacts,
    SchedulerStat,
    Snapshot,
    WorkerStat,
)
from pantry_queue.monitor.raw import RawField, RawJob
from pantry_queue.text import SafeText, safe

NOW = datetime(2026, 11, 24, 12, 4, 31, tzinfo=UTC)


def text(value: str) -> SafeText:
    """`value` as the monitor gives it."""
    return safe(value)


def ago(seconds: float) -> datetime:
    """A moment before `NOW`."""
    return NOW - timedelta(seconds=seconds)


_QUEUES = (
    ("critical", Counts(finished=1204), ("web-1.4100",), None, False),
    (
        "default",
        Counts(queued=399, started=1, finished=8412, failed=3, scheduled=11),
        ("web-1.4100", "web-2.4101"),
        18,
        False,
    ),
    (
        "emails",
        Counts(queued=797, started=2, finished=9120, failed=51, scheduled=22),
        ("web-2.4101", "web-3.4102"),
        31,
        False,
    ),
    (
        "exports",
        Counts(queued=1195, started=3, finished=77, failed=1, deferred=5, abandoned=1),
        ("web-3.4105",),
        2640,
        False,
    ),
    ("images", Counts(queued=393, started=4, finished=96), ("web-2.4104",), 57, False),
    ("pdf", Counts(queued=31), (), 372, False),
    ("reports", Counts(scheduled=206, overdue=3, finished=12, canceled=4), ("web-1.4100",), None, False),
    ("webhooks", Counts(queued=370, finished=44, scheduled=30), ("web-3.4102",), 135, True),
)


def _queue(name: str, counts: Counts, workers: tuple[str, ...], oldest: float | None, paused: bool) -> QueueStat:
    return QueueStat(
        name=text(name),
        raw_name=name.encode(),
        counts=counts,
        workers=tuple(map(text, workers)),
        oldest_at=None if oldest is None else ago(oldest),
        paused=paused,
    )


def _worker(name: str, queues: str, job: str | None, verdict: str, beat: float, done: int, failed: int) -> WorkerStat:
    evidence = (
        f"its last heartbeat is {beat:.0f} s old, the record lives {420 - beat:.0f} s more, it listens to commands"
    )
    return WorkerStat(
        name=text(name),
        raw_name=name.encode(),
        state=text("busy" if job else "idle"),
        queues=tuple(map(text, queues.split(","))),
        job_ids=(text(job),) if job else (),
        verdict=verdict,  # type: ignore[arg-type]
        evidence=text(evidence),
        hostname=text(name.partition(".")[0]),
        ip_address=text("10.0.3.7"),
        pid=int(name.partition(".")[2]),
        rq_version=text("3.0.0"),
        python_version=text("3.11.7"),
        birth_at=ago(3 * 86400 + 7200),
        last_heartbeat_at=ago(beat),
        heartbeat_age=beat,
        ttl=420 - beat,
        subscribed=True,
        successful=done,
        failed=failed,
        working_seconds=120_000.0,
    )


def snapshot(at: datetime = NOW, *, shift: int = 0) -> Snapshot:
    """A deployment with everything in it that can be wrong.

    Args:
        at: the server's time.
        shift: how many jobs more have been finished in queue emails, for rates; images grows meanwhile.
    """
    stats = [_queue(*row) for row in _QUEUES]
    emails, images = stats[2], stats[4]
    worked_on = replace(emails.counts, finished=emails.counts.finished + shift, queued=emails.counts.queued - shift)
    stats[2] = replace(emails, counts=worked_on)
    stats[4] = replace(images, counts=replace(images.counts, queued=images.counts.queued + shift // 4))
    return Snapshot(
        taken_at=at,
        round_trip_ms=2.1,
        target=text("redis://cache-1:6379/2"),
        redis=RedisFacts(
            server=text("valkey"),
            version=text("9.1.2"),
            role=text("master"),
            used_memory=3_500_000_000,
            max_memory=4_000_000_000,
            eviction_policy=text("noeviction"),
        ),
        queues=tuple(stats),
        workers=(
            _worker("web-1.4100", "critical,default,reports", None, "alive", 1, 412, 0),
            _worker("web-2.4101", "default,emails", "8f3c1a52-0d1e-4f5b-9f0a-77d1c0b1e2aa", "busy", 4, 390, 2),
            _worker("web-2.4104", "images", "77aa0c1e-5b1e-4c39-8f1d-94b3e5f1a3c0", "busy", 4, 96, 0),
            _worker("web-3.4102", "emails,webhooks", "ocr-1042", "busy", 7, 377, 49),
            _worker("web-3.4105", "exports", "b54cda26-9e77-4d35-b1f4-65b8f3b4a55e", "late", 97, 88, 1),
        ),
        schedulers=(SchedulerStat(text("default"), text("web-1.4100"), 52.0),),
    )


@cache
def past(seconds: int = 150, per_second: int = 4) -> tuple[Snapshot, ...]:
    """Snapshots of the time before `NOW`, in which emails were worked on with a steady pace that swells."""
    taken: list[Snapshot] = []
    shift = -sum(per_second + (second // 10) % 5 for second in range(seconds))
    for second in range(seconds, 0, -1):
        taken.append(snapshot(ago(second), shift=shift))
        shift += per_second + ((second - 1) // 10) % 5
    return tuple(taken)


_TRACEBACK = """Traceback (most recent call last):
  File "/srv/venv/lib/python3.11/site-packages/rq/job.py", line 1539, in _execute
    result = self.func(*self.args, **self.kwargs)
  File "/srv/app/tasks.py", line 48, in send_mail
    deliver(to, template, lang)
  File "/srv/app/mail.py", line 112, in deliver
    smtp.sendmail(SENDER, [to], body)
smtplib.SMTPRecipientsRefused: {'chi@ex.org': (550, b'5.1.1 no such user')}"""


def job_row(state: str, place: int) -> JobRow:
    """The job at a place of the list of a state."""
    job_id = f"{place * 2654435761 % 2**32:08x}-0d1e-4f5b-9f0a-77d1c0b1e2aa" if place % 4 else f"ocr-{1042 + place}"
    started = ago(20 + 7 * place)
    ended = started + timedelta(seconds=0.4 + place % 5)
    ran = state in ("finished", "failed")
    return JobRow(
        id=text(job_id),
        raw_id=job_id.encode(),
        state=text(state),
        queue=text(("emails", "default", "exports")[place % 3]),
        func=text("app.tasks.send_mail" if place % 4 else "pantry_queue.tasks.ocr_tasks.process_receipt_ocr"),
        description=text(f"app.tasks.send_mail('user{place}@ex.org', 'welcome', lang='en')"),
        created_at=ago(60 + 7 * place),
        enqueued_at=ago(60 + 7 * place),
        started_at=started if ran or state == "started" else None,
        ended_at=ended if ran else None,
        worker=text("web-3.4102") if ran or state == "started" else None,
        error=text(_TRACEBACK.rsplit("\n", 1)[1]) if state == "failed" else None,
        retries_left=2 if state == "failed" else None,
        at=NOW + timedelta(seconds=90 * place - 100) if state == "scheduled" else None,
    )


def job_detail(row: JobRow) -> JobDetail:
    """Everything about a job."""
    failed, finished = row.state == "failed", row.state == "finished"
    return JobDetail(
        row=row,
        payload=Payload(
            func=row.func,
            args=(Argument(text(""), text("'chi@ex.org'")), Argument(text(""), text("'reset'"))),
            kwargs=(Argument(text("lang"), text("'en'")), Argument(text("api_token"), text("***"))),
            format="pickle",
        ),
        timeout=180,
        result_ttl=500,
        failure_ttl=31_536_000,
        expires_in=31_000_000.0,
        retries_left=2,
        retry_intervals=(10, 30, 60),
        meta=(Argument(text("user_id"), text("7")), Argument(text("trace"), text("'4bf92f'"))),
        result=text("{'accepted': ['chi@ex.org']}") if finished else None,
        traceback=tuple(map(text, _TRACEBACK.split("\n"))) if failed else (),
        dependents=(text("b54cda26-9e77-4d35-b1f4-65b8f3b4a55e"),),
        results=(
            JobResult(
                at=row.ended_at or NOW,
                kind=text("failed" if failed else "successful"),
                worker=row.worker,
                traceback=tuple(map(text, _TRACEBACK.split("\n"))) if failed else (),
                started_at=row.started_at,
                ended_at=row.ended_at,
            ),
        )
        if failed or finished
        else (),
    )


def _group(
    signature: str, exception: str, func: str, message: str, number: int, hour: int, seen: float
) -> FailureGroup:
    return FailureGroup(
        signature=signature,
        func=text(func),
        exception=text(exception),
        message=text(message),
        where=text("app/mail.py:112 deliver"),
        count=number,
        queues=((text("emails"), number - 1), (text("default"), 1)),
        last_hour=hour,
        last_day=number // 2,
        last_week=number,
        first_at=ago(3 * 86400),
        last_at=ago(seen),
        retried=4,
        sample=text("ocr-1042"),
        error=text(f"{exception}: {message}"),
        raw_sample=b"ocr-1042",
        hours=(*((place * place + number) % 9 for place in range(23)), hour),
    )


def failures() -> FailureReport:
    """Failed jobs of two causes."""
    groups = (
        _group("0a1b2c3d4e", "smtplib.SMTPRecipientsRefused", "app.tasks.send_mail", "no such user <n>", 36, 12, 27),
        _group("5f6a7b8c9d", "builtins.TimeoutError", "app.tasks.export_all", "took more than <n> s", 19, 0, 7300),
    )
    return FailureReport(groups, looked=55, total=55, expired=0, at=NOW)


def running() -> dict[str, JobRow]:
    """What the workers of `snapshot` run."""
    jobs = dict.fromkeys(job_id for worker in snapshot().workers for job_id in worker.job_ids)
    return {job_id: job_row("started", place) for place, job_id in enumerate(jobs)}


def job_log() -> JobLog:
    """What a job wrote, and how far it is."""
    return JobLog((text("began"), text("and ended")), Progress(3, 4, text("drawing")))


def trees() -> Trees:
    """A job that waits for one and is waited for by two, one of which waits for the other."""
    last = JobNode(job_row("deferred", 6))
    below = (JobNode(job_row("deferred", 5), (last,)), JobNode(last.row, loop=True))
    this = job_row("failed", 0)
    return Trees(JobNode(this, (JobNode(job_row("finished", 3)),)), JobNode(this, below, more=3))


def raw_job() -> RawJob:
    """A job as it lies in Redis."""
    fields = (("status", 6, "failed"), ("origin", 6, "emails"), ("data", 214, "zlib, pickle, protocol 5"))
    return RawJob(
        key=text("rq:job:ocr-1042"),
        fields=tuple(RawField(text(name), size, text(value)) for name, size, value in fields),
        unknown=1,
        memory=1024,
        expires_in=31_000_000.0,
        beside=((text("rq:results:ocr-1042"), 3, "results"),),
    )


def sampled() -> tuple[Sample, ...]:
    """Samples of the last fifty minutes, every ten seconds, with a gap of ten minutes in them."""
    found: list[Sample] = []
    for seconds in range(3000, 0, -10):
        if 1200 <= seconds < 1800:
            continue
        swell = 20 + (3000 - seconds) // 60 % 15
        figures = Figures(10 * swell, 3, 900, 50, 0, 9, 5, 30.0, swell / 10, swell / 11, 0.02 if seconds % 100 else 0.2)
        gap = 600.0 if seconds == 1190 else 600.0 if seconds == 3000 else 0.0
        found.append(Sample(ago(seconds), gap, 10, figures, ServerFigures(None, None, None, None)))
    return tuple(found)
