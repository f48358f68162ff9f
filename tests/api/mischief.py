"""Objects that no caller should pass, and that one will."""

from __future__ import annotations

import collections
import ctypes
import datetime
import decimal
import fractions
import functools
import uuid
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np


class Mischief(Exception):
    """What the objects below raise: an error of the caller's own may pass through, nothing else but documented ones."""


def _raise(*_: Any, **__: Any) -> Any:
    raise Mischief


#: A class each whose instances raise in one way of being asked.
HOOKS = (
    "__index__ __int__ __float__ __bool__ __iter__ __len__ __getitem__ __str__ __repr__ __hash__ __eq__ __complex__ "
    "__getattr__ __getattribute__ __array__ __array_interface__ __arrow_c_array__ __arrow_c_stream__ __buffer__ "
    "__fspath__ __bytes__ __call__ __next__ __contains__ __round__ __trunc__ __lt__ __class_getitem__ __reduce_ex__ keys"
).split()
RAISING = [type(f"Raising{hook}", (), {hook: _raise}) for hook in HOOKS]
RAISING_MANY = [
    type("RaisingSequence", (), {"__len__": lambda self: 3, "__getitem__": _raise}),
    type("RaisingIterable", (), {"__len__": lambda self: 3, "__iter__": _raise}),
    type("RaisingProperty", (), {"__arrow_c_stream__": property(_raise), "__arrow_c_array__": property(_raise)}),
]


class LyingSequence(list[Any]):
    """Says that it is longer than it is."""

    def __len__(self) -> int:
        return 5


class Growing:
    """A sequence that is of another length each time it is asked."""

    def __init__(self) -> None:
        self.asked = 0

    def __len__(self) -> int:
        self.asked += 1
        return self.asked

    def __getitem__(self, position: int) -> int:
        if position > 20:
            raise IndexError
        return position


class ChangingList(list[Any]):
    """A list of which reading takes elements away."""

    def __iter__(self) -> Iterator[Any]:
        self.clear()
        return iter([1])

    def __getitem__(self, position: Any) -> Any:
        self.clear()
        return 1


class Emptying:
    """An element that empties its own list while it is being read."""

    def __init__(self, home: list[Any]) -> None:
        self.home = home

    def __index__(self) -> int:
        self.home.clear()
        return 1

    def __float__(self) -> float:
        self.home.clear()
        return 1.0

    def __bool__(self) -> bool:
        self.home.clear()
        return True


def emptying_list() -> list[Any]:
    home: list[Any] = [1, 0, 1]
    home[1:1] = [Emptying(home)] * 3
    return home


class WeirdText(str):
    __slots__ = ()

    def __str__(self) -> str:
        raise Mischief

    def __eq__(self, other: object) -> bool:
        raise Mischief

    def __hash__(self) -> int:
        raise Mischief

    def encode(self, *_: Any, **__: Any) -> bytes:
        raise Mischief


class WeirdInteger(int):
    def __int__(self) -> int:
        raise Mischief

    def __index__(self) -> int:
        raise Mischief

    def __eq__(self, other: object) -> bool:
        return False

    __hash__ = int.__hash__

    def to_bytes(self, *_: Any, **__: Any) -> bytes:
        raise Mischief


class WeirdFloat(float):
    def __float__(self) -> float:
        return float("nan")

    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = float.__hash__


class WeirdBytes(bytes):
    def __len__(self) -> int:
        return 10**9


class WeirdTime(datetime.datetime):
    def timestamp(self) -> float:
        raise Mischief

    def utcoffset(self) -> Any:
        raise Mischief


class OddZone(datetime.tzinfo):
    """A time zone whose offset is not allowed."""

    def __init__(self, offset: Any) -> None:
        self.offset = offset

    def utcoffset(self, _: datetime.datetime | None) -> Any:
        if self.offset is Mischief:
            raise Mischief
        return self.offset

    def dst(self, _: datetime.datetime | None) -> Any:
        return None

    def tzname(self, _: datetime.datetime | None) -> Any:
        return None


class NoText:
    """Cannot be printed, for error messages that try to."""

    def __repr__(self) -> str:
        raise Mischief

    __str__ = __repr__


class WeirdUuid(uuid.UUID):
    def __str__(self) -> str:
        raise Mischief


class Meta(type):
    def __instancecheck__(cls, instance: object) -> bool:
        raise Mischief


class WeirdClass(metaclass=Meta):
    @property
    def __class__(self) -> Any:
        raise Mischief


class WeirdMapping(dict[Any, Any]):
    def items(self) -> Any:
        raise Mischief

    def __iter__(self) -> Any:
        raise Mischief


def nested(depth: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(depth):
        value = [value]
    return value


def cyclic_list() -> list[Any]:
    value: list[Any] = []
    value.append(value)
    return value


def cyclic_dict() -> dict[str, Any]:
    value: dict[str, Any] = {}
    value["self"] = value
    return value


# Arrow capsules that do not hold what they should

_new_capsule = ctypes.pythonapi.PyCapsule_New
_new_capsule.restype = ctypes.py_object
_new_capsule.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]

#: What capsules point at has to outlive them, and they outlive the test in tracebacks: kept for good.
_KEPT: list[Any] = []
_Release = ctypes.CFUNCTYPE(None, ctypes.c_void_p)


class ArrowSchema(ctypes.Structure):
    _fields_ = [
        ("format", ctypes.c_char_p),
        ("name", ctypes.c_char_p),
        ("metadata", ctypes.c_char_p),
        ("flags", ctypes.c_int64),
        ("n_children", ctypes.c_int64),
        ("children", ctypes.c_void_p),
        ("dictionary", ctypes.c_void_p),
        ("release", ctypes.c_void_p),
        ("private_data", ctypes.c_void_p),
    ]


class ArrowArray(ctypes.Structure):
    _fields_ = [
        ("length", ctypes.c_int64),
        ("null_count", ctypes.c_int64),
        ("offset", ctypes.c_int64),
        ("n_buffers", ctypes.c_int64),
        ("n_children", ctypes.c_int64),
        ("buffers", ctypes.c_void_p),
        ("children", ctypes.c_void_p),
        ("dictionary", ctypes.c_void_p),
        ("release", ctypes.c_void_p),
        ("private_data", ctypes.c_void_p),
    ]


class ArrowStream(ctypes.Structure):
    _fields_ = [
        (name, ctypes.c_void_p) for name in ("get_schema", "get_next", "get_last_error", "release", "private_data")
    ]


def _mark_released(structure: type[ctypes.Structure]) -> Any:
    @_Release
    def release(address: int) -> None:
        structure.from_address(address).release = None

    _KEPT.append(release)
    return release


_RELEASE_SCHEMA, _RELEASE_ARRAY, _RELEASE_STREAM = (
    _mark_released(one) for one in (ArrowSchema, ArrowArray, ArrowStream)
)


def capsule(structure: ctypes.Structure, name: bytes | None) -> Any:
    _KEPT.append((structure, name))
    return _new_capsule(ctypes.addressof(structure), name, None)


def _address(function: Any) -> Any:
    return ctypes.cast(function, ctypes.c_void_p)


class ArrowObject:
    """Exports whatever it was given."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self.make = make

    def __arrow_c_array__(self, requested_schema: Any = None) -> Any:
        return self.make()


class StreamObject:
    def __init__(self, make: Callable[[], Any]) -> None:
        self.make = make

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        return self.make()


def arrow(
    form: bytes | None, *, released: bool = False, schema: dict[str, Any] | None = None, **fields: Any
) -> ArrowObject:
    """An array of integers with some fields of the wrong kind."""

    def make() -> Any:
        one = ArrowSchema(format=form, name=b"", flags=2, release=None if released else _address(_RELEASE_SCHEMA))
        for key, value in (schema or {}).items():
            setattr(one, key, value)
        numbers = (ctypes.c_int64 * 8)(*range(8))
        buffers = (ctypes.c_void_p * 3)(None, ctypes.addressof(numbers), ctypes.addressof(numbers))
        other = ArrowArray(
            length=3,
            n_buffers=2,
            buffers=ctypes.addressof(buffers),
            release=None if released else _address(_RELEASE_ARRAY),
        )
        for key, value in fields.items():
            setattr(other, key, value)
        _KEPT.append((numbers, buffers))
        return capsule(one, b"arrow_schema"), capsule(other, b"arrow_array")

    return ArrowObject(make)


def stream(code: int, *, released: bool = False, message: bytes | None = b"broken") -> StreamObject:
    """A stream whose calls fail with an error number."""

    def make() -> Any:
        call = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)(lambda *_: code)
        # The text lives as long as the callback that gives its address.
        kept = ctypes.create_string_buffer(message) if message is not None else None
        text = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p)(
            lambda _: ctypes.addressof(kept) if kept is not None else None
        )
        one = ArrowStream(
            _address(call), _address(call), _address(text), None if released else _address(_RELEASE_STREAM)
        )
        _KEPT.append((call, text, kept))
        return capsule(one, b"arrow_array_stream")

    return StreamObject(make)


def broken_arrow() -> list[Any]:
    """Exporters that an importer has to refuse without reading what is not there."""
    empty = ArrowSchema()
    objects: list[Any] = [ArrowObject(lambda one=one: one) for one in (None, 1, (), (1, 2), (None, None, None), "ab")]
    objects += [StreamObject(lambda one=one: one) for one in (None, 1, (), object())]
    objects += [
        ArrowObject(lambda: (capsule(empty, b"arrow_schema"), capsule(empty, b"wrong name"))),
        ArrowObject(lambda: (capsule(empty, None), capsule(empty, None))),
        StreamObject(lambda: capsule(empty, b"arrow_array")),
        StreamObject(lambda: capsule(empty, None)),
        arrow(b"l", released=True),
        stream(0, released=True),
        stream(5),
        stream(22, message=None),
        stream(5, message=b"\xff\xfe"),
    ]
    forms = (
        None,
        b"",
        b"?",
        b"n",
        b"+l",
        b"+s",
        b"+r",
        b"w:3",
        b"w:",
        b"d:10,2",
        b"tDn",
        b"ts",
        b"tsx:",
        b"tsu",
        b"\xff",
        b"lll",
        b"e",
    )
    objects += [arrow(form) for form in forms]
    fields: list[dict[str, Any]] = [
        {"length": -1},
        {"offset": -1},
        {"length": 2**62},
        {"length": 2**63 - 1, "offset": 1},
        {"null_count": 4},
        {"null_count": -2},
        {"null_count": 2},
        {"n_buffers": 0},
        {"n_buffers": 1},
        {"n_buffers": -1},
        {"n_buffers": 3},
        {"buffers": None},
        {"n_children": 1},
        {"n_children": -1},
    ]
    # A length that overflows is refused before a buffer is read; one that is only too long cannot be told.
    for form in (b"l", b"b", b"u", b"U", b"vu", b"z", b"ttu"):
        objects += [arrow(form, **one) for one in fields if one.get("length", 0) < 2**62 or form == b"l"]
    objects += [arrow(b"l", schema=one) for one in ({"n_children": 1}, {"n_children": -1}, {"flags": -1})]
    return objects


def odd_arrays() -> list[Any]:
    """Arrays of numpy that are not a plain column."""
    kinds = "i1 u8 f2 f4 f8 g c8 c16 ? S3 U3 V4 O M8[D] M8[ns] M8[Y] M8[as] m8[s] >i4 >f8 >M8[us] >U3".split()
    arrays: list[Any] = [np.zeros(3, dtype=kind) for kind in kinds]
    arrays += [np.zeros(shape) for shape in ((), (0,), (3, 1), (1, 3), (3, 3), (0, 3))]
    arrays += [
        np.zeros(3, dtype=[("a", "i4"), ("b", "f8")]),
        np.array([1, 0, 1], dtype=object)[::-1],
        np.ma.masked_array([1, 0, 1], mask=[0, 1, 0]),
        np.array([np.nan, np.inf, 1.0]),
        np.array(["NaT", "2024-01-01", "1969-01-01"], dtype="M8[us]"),
        np.array([2**63 - 1, -(2**63) + 1, 0], dtype="M8[Y]"),
        np.array([NoText(), None, 1], dtype=object),
        np.array([1, 2, 3], dtype=np.uint64) + np.uint64(2**63),
        np.array(["a\0b", "", "\ud800"], dtype=str),
        np.frombuffer(b"\xff" * 12, dtype="<U1"),
        np.frombuffer(b"\xff" * 3, dtype=bool),
        np.lib.stride_tricks.as_strided(np.ones(1), shape=(3,), strides=(0,)),
    ]
    with warnings.catch_warnings():
        # numpy advises against it; it is there all the same.
        warnings.simplefilter("ignore", PendingDeprecationWarning)
        arrays.append(np.matrix([1, 0, 1]))
    return arrays


def odd_scalars() -> list[Any]:
    scalars: list[Any] = [
        None,
        True,
        False,
        0,
        1,
        -1,
        2,
        2**31,
        2**53 + 1,
        2**63,
        2**64,
        -(2**63) - 1,
        10**400,
        1 << 9000,
    ]
    scalars += [0.0, -0.0, 0.5, 1.0, float("nan"), float("inf"), -float("inf"), 5e-324, 1e308, 65_536.0, 65_536.5, 1j]
    scalars += [
        "",
        "a",
        "0",
        "1",
        "nan",
        "NaT",
        "\ud800",
        "a\0b",
        "x" * 1024,
        "x" * 1025,
        "é" * 512,
        "é" * 513,
        "raise",
        "skip",
    ]
    scalars += [
        b"",
        b"a",
        b"\xff",
        b"x" * 1025,
        bytearray(b"a"),
        memoryview(b"a"),
        Ellipsis,
        NotImplemented,
        object(),
        type,
        len,
    ]
    scalars += [
        uuid.UUID(int=0),
        WeirdUuid(int=1),
        decimal.Decimal(1),
        decimal.Decimal("sNaN"),
        fractions.Fraction(1, 2),
    ]
    scalars += [datetime.datetime.min, datetime.datetime.max, datetime.datetime(2024, 1, 1), datetime.date(2024, 1, 1)]
    zones = [
        datetime.UTC,
        datetime.timezone(datetime.timedelta(hours=23, minutes=59)),
        datetime.timezone(-datetime.timedelta(hours=23)),
    ]
    scalars += [time.replace(tzinfo=zone) for time in (datetime.datetime.min, datetime.datetime.max) for zone in zones]
    offsets = [Mischief, 5, None, datetime.timedelta(days=2), "x"]
    scalars += [datetime.datetime(2024, 1, 1, tzinfo=OddZone(offset)) for offset in offsets]
    scalars += [
        datetime.time(),
        datetime.timedelta.min,
        datetime.timedelta.max,
        datetime.timedelta(0),
        -datetime.timedelta(1),
    ]
    scalars += [datetime.timedelta(microseconds=1), datetime.timedelta(days=120), WeirdTime(2024, 1, 1)]
    scalars += [
        np.int8(1),
        np.uint64(2**64 - 1),
        np.float16(0.5),
        np.float64("nan"),
        np.longdouble("1e4000"),
        np.bool_(True),
    ]
    scalars += [
        np.str_("a"),
        np.str_(""),
        np.bytes_(b"a"),
        np.complex128(1),
        np.void(b"ab"),
        np.timedelta64(1, "s"),
        np.timedelta64("NaT"),
    ]
    scalars += [
        np.datetime64("NaT"),
        np.datetime64(2**62, "Y"),
        np.datetime64("2024-01-01"),
        np.datetime64("1969-12-31"),
    ]
    scalars += [np.datetime64(5, "as"), np.array(1), np.array("a")]
    scalars += [
        WeirdText("a"),
        WeirdText(""),
        WeirdInteger(1),
        WeirdInteger(7),
        WeirdFloat(0.5),
        WeirdBytes(b"a"),
        NoText(),
        WeirdClass(),
    ]
    return scalars


def odd_containers() -> list[Any]:
    containers: list[Any] = [
        [],
        (),
        {},
        set(),
        frozenset(),
        [1, 0, 1],
        (1, 0, 1),
        {1: 0},
        {0, 1},
        range(3),
        "abc",
        b"abc",
    ]
    containers += [
        [None] * 3,
        [[1], [0], [1]],
        ["a", 1, b"c"],
        ["a", "b", "c"],
        [0.5, None, float("nan")],
        [NoText()] * 3,
    ]
    containers += [
        ["a", "\ud800", ""],
        [WeirdText("a")] * 3,
        [WeirdInteger(1)] * 3,
        [Mischief, 1, 0],
        ["a", True, None],
    ]
    containers += [[object() for _ in range(3)], [kind() for kind in RAISING[:3]], [10**400, 1, 0], [1, 0], [1] * 4]
    containers += [LyingSequence([1, 0]), memoryview(b"\0\1\0"), bytearray(3)]
    containers += [
        collections.deque([1, 0, 1]),
        collections.UserList([1, 0, 1]),
        collections.UserDict(),
        WeirdMapping(a=1),
    ]
    containers += [
        cyclic_list(),
        cyclic_dict(),
        nested(100_000),
        {"a": nested(100_000)},
        {1: 2},
        {"a": {1}},
        {"a": object()},
    ]
    containers += [
        {"a": float("nan")},
        {"a": 10**400},
        {"a": "\ud800"},
        {"\ud800": 1},
        {None: 1},
        {"a": NoText()},
        {"a": "x" * 70_000},
    ]
    containers += [
        [{"a": 1}, None, {}],
        [{"a": {1}}, 5, None],
        [datetime.datetime(2024, 1, 1), None, np.datetime64("NaT")],
    ]
    return containers


#: What is used up by being asked, made anew each time.
_FRESH: list[Callable[[], Any]] = [
    lambda: iter([1, 0, 1]),
    lambda: (value for value in (1, 0, 1)),
    lambda: map(int, "101"),
    lambda: zip([1], [2], strict=True),
    lambda: ChangingList([1, 0, 1]),
    emptying_list,
    Growing,
]


@functools.cache
def _lasting() -> list[Any]:
    raising = [kind() for kind in RAISING + RAISING_MANY]
    return [*odd_scalars(), *odd_containers(), *odd_arrays(), *broken_arrow(), *raising, lambda: 0]


def odd_objects() -> list[Any]:
    """All of them."""
    return _lasting() + [make() for make in _FRESH]
