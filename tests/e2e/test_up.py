"""`pantry-console up`: a stack others attach to, whose data outlives it."""

from __future__ import annotations

import json
import shutil
import signal

import pytest

from pantry_queue.receipts.samples import draw_samples

from .conftest import Program, until

pytestmark = pytest.mark.timeout(180)


def test_receipts_are_handed_in_from_another_terminal_and_kept(program: Program) -> None:
    up = program.start("up", "--workers", "1", "--agent-port", "0", "--api-port", "0")
    until(lambda: "attach with" in program.err(up) or up.poll() is not None)
    (sample,) = draw_samples(program.folder / "samples", 1, seed=3)
    image = program.folder / "data" / "receipts" / "one.jpg"
    shutil.copy(sample.path, image)

    code, job_id, err = program.run("--url", "embedded", "ocr", "enqueue", str(image))
    assert (code, job_id, err) == (0, "ocr-1\n", "")

    def job() -> dict[str, object]:
        shown = program.run("--url", "embedded", "jobs", "show", "ocr-1", "--json")
        return dict(json.loads(shown[1]))

    until(lambda: job()["state"] == "finished")
    assert str(sample.total) in str(job()["result"])
    code, _, err = program.run("up")
    assert (code, "attach to it" in err) == (4, True)

    up.send_signal(signal.SIGTERM)
    assert up.wait(60) == 143
    code, _, err = program.run("--url", "embedded", "status")
    assert (code, "pantry-console up" in err) == (5, True)

    again = program.start("up", "--workers", "1", "--agent-port", "0", "--api-port", "0")
    until(lambda: "attach with" in program.err(again) or again.poll() is not None)
    assert job()["state"] == "finished"
    again.send_signal(signal.SIGINT)
    assert again.wait(60) == 0


@pytest.mark.parametrize("option", ["--agent-port", "--api-port"])
def test_a_port_that_is_taken_is_said(program: Program, option: str) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        other = "--api-port" if option == "--agent-port" else "--agent-port"
        code, _, err = program.run("up", option, str(port), other, "0")
    assert code == 1
    assert str(port) in err
    assert "Traceback" not in err
