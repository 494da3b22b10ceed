"""Code versions: what stands for the version of a judge in Python that declares none.

Verdicts are reused as long as a judge's version stays the same, and a function has no version. So
its code stands for it: the bytecode with its constants and names, defaults, what a closure holds,
and, of the same module, the functions that it names and the plain values. The same holds for the
methods of an object's class and for the object's own plain values.

Equal code gives an equal version in any process, under the same Python: another minor version
compiles to other bytecode, and so asks again. What is not seen: functions and classes of other
modules, the content of lists, dicts and sets, models, files. And what the code itself assigns, such
as a counter, is its state and not its version.
"""

from __future__ import annotations

import dis
import re
from functools import partial
from inspect import getattr_static
from types import BuiltinFunctionType, CodeType, FunctionType, MethodType
from typing import TYPE_CHECKING, Any

from trueup.rubric.model import short_hash

if TYPE_CHECKING:
    from collections.abc import Iterator

NO_CODE = "0"
"""The version of what has no Python code, such as a function of a C library."""

_PLAIN = (type(None), type(...), bool, int, float, complex, str, bytes)
_MAKES = frozenset({"__init__", "__post_init__", "__new__"})
_STORES = frozenset({"STORE_GLOBAL", "DELETE_GLOBAL", "STORE_DEREF", "DELETE_DEREF"})


def code_version(obj: object) -> str:
    """Return a short hash of the code of a function, a method or an object's class."""
    known = _Known(_functions_of(obj))
    if not known.functions:
        return NO_CODE
    parts = [known.function(function) for function in known.functions]
    return f"code-{short_hash([parts, *known.state_of(obj)])[:12]}"


class _Known:
    """All functions that belong to some code, in an order that hangs on the code alone."""

    def __init__(self, roots: Iterator[FunctionType]) -> None:
        self.functions: list[FunctionType] = []
        self._places: dict[int, int] = {}
        waiting = list(roots)
        for function in waiting:  # grows meanwhile
            if id(function) not in self._places:
                self._places[id(function)] = len(self.functions)
                self.functions.append(function)
                waiting += _named_by(function)
        codes = [(f.__name__, code) for f in self.functions for code in _codes(f.__code__)]
        self._assigned = {name for _, code in codes for name in _stored(code, _STORES)}
        self._set = {
            name for made_by, code in codes if made_by not in _MAKES
            for name in _stored(code, {"STORE_ATTR", "DELETE_ATTR"})
        }  # fmt: skip

    def function(self, function: FunctionType) -> list[Any]:
        """Return a function as plain data."""
        around = [
            [name, self.value(value)]
            for name, value in (*_closure(function), *_globals(function))
            if name not in self._assigned
        ]
        given = [self.value(function.__defaults__ or ()), *self._pairs(function.__kwdefaults__)]
        return [self.value(function.__code__), given, around]

    def state_of(self, obj: object) -> Iterator[Any]:
        """Yield what an object holds, as plain data."""
        if isinstance(obj, partial):
            yield from (self.value(value) for value in obj.args)
            yield from self._pairs(obj.keywords)
            yield from self.state_of(obj.func)
        elif isinstance(obj, MethodType):
            yield from self.state_of(obj.__self__)
        elif not isinstance(obj, FunctionType | type):
            held = {k: v for cls in reversed(_classes(obj)) for k, v in vars(cls).items()
                    if isinstance(v, (*_PLAIN, tuple, frozenset, re.Pattern))}  # fmt: skip
            slots = {k for cls in _classes(obj) for k in _slots(cls) if hasattr(obj, k)}
            held |= {k: getattr(obj, k) for k in slots} | getattr(obj, "__dict__", {})
            yield from self._pairs(
                {k: v for k, v in held.items() if k not in self._set and not k.startswith("__")}
            )

    def value(self, value: object) -> Any:  # noqa: ANN401 - plain data of any form
        """Return a value as plain data, or what it is where it cannot be seen into."""
        if isinstance(value, CodeType):
            return self._code(value)
        if isinstance(value, FunctionType) and id(value) in self._places:
            return ["function", self._places[id(value)]]
        if type(value) in _PLAIN:
            return [type(value).__name__, repr(value)]
        if isinstance(value, tuple | frozenset):
            parts = [self.value(part) for part in value]
            ordered = parts if isinstance(value, tuple) else sorted(parts, key=repr)
            return ["parts", isinstance(value, tuple), ordered]
        if isinstance(value, re.Pattern):
            return ["pattern", repr(value.pattern), value.flags]
        of = value if isinstance(value, type | FunctionType | BuiltinFunctionType) else type(value)
        return ["of", str(of.__module__), of.__qualname__]

    def _code(self, code: CodeType) -> list[Any]:
        return [
            code.co_code.hex(),
            code.co_exceptiontable.hex(),
            list(code.co_names),
            [self.value(constant) for constant in code.co_consts],
        ]

    def _pairs(self, held: dict[str, Any] | None) -> Iterator[list[Any]]:
        return ([name, self.value(value)] for name, value in sorted((held or {}).items()))


def _functions_of(obj: object) -> Iterator[FunctionType]:
    """Yield the functions that an object is made of."""
    if isinstance(obj, FunctionType):
        yield obj
    elif isinstance(obj, partial):
        yield from _functions_of(obj.func)
    elif isinstance(obj, MethodType):
        yield from _functions_of(obj.__func__)
        yield from _functions_of(obj.__self__)
    elif (inner := _inside(obj)) is not None:
        yield from _functions_of(inner)
    elif not isinstance(obj, type):
        for cls in _classes(obj):
            for _, member in sorted(vars(cls).items()):
                if isinstance(member, FunctionType):
                    yield member
                elif (inner := _inside(member)) is not None:
                    yield from _functions_of(inner)


def _inside(obj: object) -> FunctionType | None:
    """Return the function that a cache, property, static or class method is made around."""
    inner: object
    if isinstance(obj, staticmethod | classmethod):
        inner = obj.__func__
    elif isinstance(obj, property):
        inner = obj.fget
    else:  # without running anything: some objects answer to any name
        inner = getattr_static(obj, "__wrapped__", None) or getattr_static(obj, "func", None)
    return inner if isinstance(inner, FunctionType) else None


def _classes(obj: object) -> list[type]:
    """Return the classes of an object that stand in one module with its own."""
    return [
        cls for cls in type(obj).__mro__ if cls.__module__ == type(obj).__module__ != "builtins"
    ]


def _slots(cls: type) -> tuple[str, ...]:
    slots = vars(cls).get("__slots__", ())
    return (slots,) if isinstance(slots, str) else tuple(slots)


def _named_by(function: FunctionType) -> Iterator[FunctionType]:
    """Yield the functions in a function's closure, and those of its module that it names."""
    for _, value in _closure(function):
        if isinstance(value, FunctionType | partial) or _inside(value) is not None:
            yield from _functions_of(value)
    for _, value in _globals(function):
        if isinstance(value, FunctionType | partial) or _inside(value) is not None:
            yield from (f for f in _functions_of(value) if f.__globals__ is function.__globals__)


def _closure(function: FunctionType) -> Iterator[tuple[str, object]]:
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        try:
            yield name, cell.cell_contents
        except ValueError:  # a name that is bound later
            continue


def _globals(function: FunctionType) -> Iterator[tuple[str, object]]:
    """Yield what a function names of its module."""
    names = {name for code in _codes(function.__code__) for name in code.co_names}
    for name in sorted(names):
        if name in function.__globals__ and not name.startswith("__"):
            yield name, function.__globals__[name]


def _codes(code: CodeType) -> Iterator[CodeType]:
    """Yield a function's code, and that of all functions that it defines."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _codes(constant)


def _stored(code: CodeType, by: frozenset[str] | set[str]) -> Iterator[str]:
    """Yield the names that a code assigns, by these instructions."""
    return (str(step.argval) for step in dis.get_instructions(code) if step.opname in by)
