"""Reads a pickle as a description of itself: nothing is imported, called, built or hashed.

`pickletools.genops` tells the opcodes apart and a small stack machine puts them together: plain data becomes plain
values, a global becomes its name, and what unpickling would have called becomes a `Call`. A restricted
`pickle.Unpickler` would not do: its C code can be made to allocate without end or to crash before it asks anybody.
"""

from __future__ import annotations

import pickletools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from pantry_queue.monitor.described import Call, Global, Kind, Mapping, Opaque, Sequence

#: Opcodes that are executed; the rest of a longer stream is left out.
MAX_OPCODES = 50_000
#: Bytes that may be copied to show what older protocols write as a call; repeated calls could ask for gigabytes.
MAX_COPIED = 1 << 20


@dataclass(slots=True, eq=False)
class Pickled:
    """What a stream holds.

    Attributes:
        value: its content; of a broken stream the part that was read.
        trouble: why it is not whole, None when it is.
        calls: everything unpickling would have called, by name, in order of appearance.
    """

    value: Any
    trouble: str | None = None
    calls: dict[str, Any] = field(default_factory=dict)


class _MalformedError(Exception):
    """The stream asks for something its stack does not hold."""


_MARK = object()


def read(stream: bytes) -> Pickled:
    """Describe a pickle of protocol 0 to 5. Never raises, whatever the bytes are."""
    machine = _Machine()
    trouble: str | None = "it ends before its STOP"
    try:
        for done, (opcode, argument, _) in enumerate(pickletools.genops(stream)):
            if opcode.name == "STOP":
                trouble = None
                break
            if done >= MAX_OPCODES:
                trouble = f"only its first {MAX_OPCODES:,} opcodes were read"
                break
            machine.step(opcode.name, argument)
    except (_MalformedError, ValueError, IndexError, KeyError, OverflowError, RecursionError) as error:
        trouble = f"it is malformed: {error}" if isinstance(error, _MalformedError) else "it is malformed or cut"
    return Pickled(machine.result(), trouble, machine.calls)


class _Machine:
    """The pickle machine's stack and memo, over descriptions instead of objects."""

    def __init__(self) -> None:
        self.stack: list[Any] = []
        self.memo: dict[int, Any] = {}
        self.calls: dict[str, Any] = {}
        self.copied = 0

    def step(self, name: str, argument: Any) -> None:
        """Execute one opcode."""
        if name in _LITERALS:
            self.stack.append(argument)
        elif name in _CONSTANTS:
            self.stack.append(_CONSTANTS[name])
        elif name in _NEW:
            self.stack.append(_NEW[name]())
        elif name in _STEPS:
            _STEPS[name](self, argument)
        elif name not in _NOTHING:
            raise _MalformedError(f"opcode {name}")

    def result(self) -> Any:
        """What is on the stack: one value for a whole stream, all there is for a broken one."""
        left = [item for item in self.stack if item is not _MARK]
        return left[0] if len(left) == 1 else Sequence("tuple", left)

    def pop(self) -> Any:
        if not self.stack or self.stack[-1] is _MARK:
            raise _MalformedError("empty stack")
        return self.stack.pop()

    def top(self) -> Any:
        if not self.stack or self.stack[-1] is _MARK:
            raise _MalformedError("empty stack")
        return self.stack[-1]

    def pop_mark(self) -> list[Any]:
        for index in range(len(self.stack) - 1, -1, -1):
            if self.stack[index] is _MARK:
                items = self.stack[index + 1 :]
                del self.stack[index:]
                return items
        raise _MalformedError("no mark")

    # -- opcodes -----------------------------------------------------------------------------------------
    def put(self, index: int | None) -> None:
        self.memo[len(self.memo) if index is None else index] = self.top()

    def get(self, index: int) -> None:
        self.stack.append(self.memo[index])

    def short_tuple(self, size: int) -> None:
        items = [self.pop() for _ in range(size)]
        self.stack.append(Sequence("tuple", items[::-1]))

    def marked(self, kind: Kind) -> None:
        self.stack.append(Sequence(kind, self.pop_mark()))

    def marked_dict(self, _: Any) -> None:
        self.stack.append(Mapping(_pairs(self.pop_mark())))

    def extend(self, items: list[Any]) -> None:
        target = self.top()
        if not isinstance(target, (Sequence, Call)):
            raise _MalformedError("items for something that holds none")
        target.items.extend(items)

    def update(self, pairs: list[tuple[Any, Any]]) -> None:
        target = self.top()
        if not isinstance(target, (Mapping, Call)):
            raise _MalformedError("keys for something that holds none")
        target.pairs.extend(pairs)

    def set_item(self, _: Any) -> None:
        value, key = self.pop(), self.pop()
        self.update([(key, value)])

    def named(self, argument: Any) -> None:
        module, _, name = str(argument).partition(" ")
        self.stack.append(Global(module, name))

    def stack_named(self, _: Any) -> None:
        name, module = self.pop(), self.pop()
        if not isinstance(name, str) or not isinstance(module, str):
            raise _MalformedError("a name that is no text")
        self.stack.append(Global(module, name))

    def call(self, func: Any, args: Any, kwargs: Any = None) -> None:
        plain = None if kwargs is not None else self.plain(func, args)
        if plain is None:
            func, args = _constructed(func, args)
            self.calls.setdefault(str(func) if isinstance(func, Global) else "something computed", func)
            plain = Call(func, args, kwargs)
        self.stack.append(plain)

    def plain(self, func: Any, args: Any) -> Any:
        """Plain data that older protocols write as a call of a built-in; None for everything else."""
        if not isinstance(func, Global) or not isinstance(args, Sequence):
            return None
        values, name = args.items, str(func).replace("__builtin__", "builtins")
        if name in _SETS and len(values) == 1 and isinstance(values[0], Sequence):
            return Sequence(_SETS[name], values[0].items)
        if name == "builtins.bytes" and not values:
            return b""
        first = values[0] if values else b""
        if not isinstance(first, (str, bytes)) or len(values) > 2:
            return None
        self.copied += len(first)
        if self.copied > MAX_COPIED:
            raise _MalformedError("it asks for too many copies")
        if isinstance(first, str):
            first = first.encode("latin1", "replace")
        if name == "_codecs.encode" and values[1:] == ["latin1"]:
            return first
        return bytearray(first) if name == "builtins.bytearray" and values[1:] in ([], ["latin-1"]) else None

    def reduce(self, _: Any) -> None:
        args, func = self.pop(), self.pop()
        self.call(func, args)

    def reduce_kwargs(self, _: Any) -> None:
        kwargs, args, func = self.pop(), self.pop(), self.pop()
        self.call(func, args, kwargs)

    def instance(self, argument: Any) -> None:
        args = Sequence("tuple", self.pop_mark())
        self.named(argument)
        self.call(self.pop(), args)

    def marked_instance(self, _: Any) -> None:
        items = self.pop_mark()
        if not items:
            raise _MalformedError("an object without a class")
        self.call(items[0], Sequence("tuple", items[1:]))

    def persistent(self, _: Any) -> None:
        self.pop()
        self.stack.append(Opaque("a persistent id"))

    def build(self, _: Any) -> None:
        state, target = self.pop(), self.top()
        if isinstance(target, Call):
            target.state = state
        else:
            self.stack[-1] = Call(Opaque("an object"), Sequence("tuple", [target]), state=state)


def _pairs(items: list[Any]) -> list[tuple[Any, Any]]:
    if len(items) % 2:
        raise _MalformedError("a key without a value")
    return list(zip(items[::2], items[1::2], strict=True))


def _constructed(func: Any, args: Any) -> tuple[Any, Any]:
    """Protocols 0 and 1 make objects through `copyreg`; what matters is of which class."""
    if isinstance(func, Global) and str(func) in _CONSTRUCTORS and isinstance(args, Sequence) and args.items:
        return args.items[0], Sequence("tuple")
    return func, args


_CONSTRUCTORS = ("copyreg._reconstructor", "copy_reg._reconstructor", "copyreg.__newobj__")
_SETS: dict[str, Kind] = {"builtins.set": "set", "builtins.frozenset": "frozenset"}
_LITERALS = frozenset(
    "INT BININT BININT1 BININT2 LONG LONG1 LONG4 FLOAT BINFLOAT STRING BINSTRING SHORT_BINSTRING UNICODE"
    " SHORT_BINUNICODE BINUNICODE BINUNICODE8 BINBYTES SHORT_BINBYTES BINBYTES8 BYTEARRAY8".split()
)
_CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False, "MARK": _MARK}
_NOTHING = frozenset(("PROTO", "FRAME", "READONLY_BUFFER"))
_NEW: dict[str, Callable[[], Any]] = {
    "EMPTY_LIST": lambda: Sequence("list"),
    "EMPTY_TUPLE": lambda: Sequence("tuple"),
    "EMPTY_SET": lambda: Sequence("set"),
    "EMPTY_DICT": Mapping,
    "NEXT_BUFFER": lambda: Opaque("a buffer kept elsewhere"),
    "PERSID": lambda: Opaque("a persistent id"),
    "EXT1": lambda: Opaque("an extension code"),
    "EXT2": lambda: Opaque("an extension code"),
    "EXT4": lambda: Opaque("an extension code"),
}
_STEPS: dict[str, Callable[[_Machine, Any], Any]] = {
    "LIST": lambda machine, _: machine.marked("list"),
    "TUPLE": lambda machine, _: machine.marked("tuple"),
    "FROZENSET": lambda machine, _: machine.marked("frozenset"),
    "TUPLE1": lambda machine, _: machine.short_tuple(1),
    "TUPLE2": lambda machine, _: machine.short_tuple(2),
    "TUPLE3": lambda machine, _: machine.short_tuple(3),
    "DICT": _Machine.marked_dict,
    "APPEND": lambda machine, _: machine.extend([machine.pop()]),
    "APPENDS": lambda machine, _: machine.extend(machine.pop_mark()),
    "ADDITEMS": lambda machine, _: machine.extend(machine.pop_mark()),
    "SETITEM": _Machine.set_item,
    "SETITEMS": lambda machine, _: machine.update(_pairs(machine.pop_mark())),
    "PUT": _Machine.put,
    "BINPUT": _Machine.put,
    "LONG_BINPUT": _Machine.put,
    "MEMOIZE": _Machine.put,
    "GET": _Machine.get,
    "BINGET": _Machine.get,
    "LONG_BINGET": _Machine.get,
    "POP": lambda machine, _: machine.stack.pop(),
    "POP_MARK": lambda machine, _: machine.pop_mark(),
    "DUP": lambda machine, _: machine.stack.append(machine.top()),
    "GLOBAL": _Machine.named,
    "STACK_GLOBAL": _Machine.stack_named,
    "REDUCE": _Machine.reduce,
    "NEWOBJ": _Machine.reduce,
    "NEWOBJ_EX": _Machine.reduce_kwargs,
    "INST": _Machine.instance,
    "OBJ": _Machine.marked_instance,
    "BUILD": _Machine.build,
    "BINPERSID": _Machine.persistent,
}
