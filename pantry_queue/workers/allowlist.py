"""Which tasks a worker runs, judged before anything of a job is unpickled.

Whoever may write to Redis may name any function of any module, and a pickle runs code by being loaded: with RQ's
defaults write access to Redis is a shell on every worker. Here the call is read by the inert decoder, its function
must lie under a configured prefix, and what is not plain data is loaded by a reader that knows a few harmless classes.
"""

from __future__ import annotations

import io
import pickle
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pantry_queue.errors import PantryError
from pantry_queue.monitor import payload
from pantry_queue.monitor.described import Global
from pantry_queue.monitor.rendering import is_value
from pantry_queue.text import safe

if TYPE_CHECKING:
    from rq.job import Job

ANYTHING = "*"
_CALLBACKS = (b"success_callback_name", b"failure_callback_name", b"stopped_callback_name")
#: Loaded by more than their name, these would call something that was not judged.
_FACTORIES = frozenset({("collections", "defaultdict"), ("builtins", "object")})


class NotAllowed(PantryError):  # noqa: N818 - reads as what happened
    """A job names a task or value that this worker does not run or load."""


class AllowList:
    """Prefixes of dotted paths.

    Args:
        prefixes: `package.module.` allows what lies under it, `package.module.task` itself and what lies under it, `*`
            everything.
    """

    def __init__(self, prefixes: Sequence[str]) -> None:
        self.prefixes = tuple(prefixes)
        self.open = ANYTHING in self.prefixes

    def names(self, path: str) -> bool:
        """Whether a dotted path is allowed."""
        return self.open or any(
            path.startswith(prefix) if prefix.endswith(".") else path == prefix or path.startswith(f"{prefix}.")
            for prefix in self.prefixes
        )

    def refusal(self, raw: Mapping[bytes, bytes]) -> str | None:
        """Why a job may not run here, in words; None when it may.

        Args:
            raw: the job's hash.
        """
        if self.open:
            return None
        call = payload.seen(raw[b"data"])
        if call.bound:
            return "it calls a method of a stored object, which would have to be loaded first"
        if call.func is None or not self.names(call.func):
            return f"the task {safe(str(call.func), 200)} is not allowed here"
        for name in _CALLBACKS:
            callback = raw.get(name, b"").decode("utf-8", "backslashreplace")
            if callback and not self.names(callback):
                return f"the callback {safe(callback, 200)} is not allowed here"
        stored = (call, payload.seen(raw[b"meta"])) if raw.get(b"meta") else (call,)
        if not all(value.whole for value in stored):
            return "its arguments are too large to be judged before they are loaded"
        calls = [name for value in stored for name in value.calls]
        if calls:
            return f"loading its arguments would call {safe(', '.join(calls[:5]), 200)}"
        return None

    def checked(self, found: Callable[..., Any] | None) -> Callable[..., Any] | None:
        """What a path led to, once it is imported: a module's attribute may come from anywhere.

        Raises:
            NotAllowed: it was not made under an allowed prefix.
        """
        if found is None or self.open:
            return found
        home = f"{getattr(found, '__module__', None)}.{getattr(found, '__qualname__', '')}"
        if not self.names(home):
            raise NotAllowed(f"not_allowed: the path leads to {safe(home, 200)}, which is not allowed here.")
        return found

    def job_class(self) -> type[Job]:
        """RQ's class of jobs, whose functions and callbacks are checked after they are imported."""
        from rq.job import Job

        if self.open:
            return Job
        allowed = self

        class AllowedJob(Job):
            """A job that runs only what is allowed, and asks nobody else to do anything."""

            @property
            def func(self) -> Any:
                return allowed.checked(super().func)

            @property
            def success_callback(self) -> Any:
                return allowed.checked(super().success_callback)

            @property
            def failure_callback(self) -> Any:
                return allowed.checked(super().failure_callback)

            @property
            def stopped_callback(self) -> Any:
                return allowed.checked(super().stopped_callback)

            def restore(self, raw_data: Any) -> Any:
                """As RQ's, without webhooks: requests from this machine to wherever Redis says."""
                super().restore(raw_data)
                self.webhooks = []

        return AllowedJob


class CarefulPickle:
    """RQ's pickle serializer, which loads plain data by the inert decoder and beyond that only harmless classes."""

    @staticmethod
    def dumps(value: Any) -> bytes:
        """As RQ's own (`rq.serializers.DefaultSerializer`)."""
        return pickle.dumps(value, protocol=pickle.HIGHEST_PROTOCOL)

    @staticmethod
    def loads(stored: bytes) -> Any:
        """Raises `NotAllowed` where loading would run anything."""
        try:
            return payload.plain(stored)
        except payload.NotPlain:
            pass
        seen = payload.seen(stored)
        if not seen.whole or seen.calls:
            raise NotAllowed("not_allowed: the stored value is not plain data.")
        return _Harmless(io.BytesIO(stored)).load()


class _Harmless(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) in _FACTORIES or not is_value(Global(module, name)):
            raise NotAllowed(f"not_allowed: loading the stored value would call {safe(f'{module}.{name}', 100)}.")
        return super().find_class(module, name)
