"""`enqueue` as scripts use it."""

from __future__ import annotations

from redis import Redis

from .conftest import Cli


def test_enqueue(cli: Cli, redis_client: Redis) -> None:
    done = cli("enqueue", "operator.add", ":2", "%3", "--queue", "q", "--retry", "2:5,9", "--json")
    assert done.code == 0, done.err
    job = done.json()
    assert (job["queue"], job["description"]) == ("q", "operator.add(2, 3)")
    assert redis_client.lrange("rq:queue:q", 0, -1) == [job["id"].encode()]
    assert redis_client.hget(f"rq:job:{job['id']}", "retry_intervals") == b"[5, 9]"
    assert cli("enqueue", "operator.add", "--in", "1h", "--job-id", "later").out == "later\n"
    assert redis_client.zscore("rq:scheduled:default", "later")
    assert cli("enqueue", "operator.add", "--job-id", "later").code == 4
    assert cli("enqueue", "operator.add", ":nonsense").code == 2
    assert cli("enqueue", "operator.add", "--depends-on", "none").code == 3
    refused = cli("--url", "redis://127.0.0.1:1/0", "--read-only", "enqueue", "operator.add")
    assert (refused.code, refused.out, "read-only" in refused.err) == (4, "", True)
