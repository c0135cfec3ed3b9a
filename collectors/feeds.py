"""Which calls a dataset is made of, told by the code itself: what a function names is followed until calls are found.

Every cloud has a module feeds.py with `FEEDS`, the functions that fill each dataset, and `metrics()`, the cloud's names
of what is measured. docs/catalogue.md is written from them, and a test asks that no call is missing.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from functools import partial
from types import CodeType, FunctionType, ModuleType
from typing import Any, TypeVar

from collectors.calls import Declared

A = TypeVar("A", bound=Declared)


def calls_of(kind: type[A], package: str, *roots: Any) -> list[A]:
    """The calls of a kind that functions of a package come to, however deep; of a module, those that it declares."""
    found: dict[int, A] = {}
    seen: set[int] = set()
    todo = [
        each for root in roots for each in (_calls(kind, root) if isinstance(root, ModuleType) else [root])
    ]
    while todo:
        one = todo.pop()
        if isinstance(one, kind):
            found[id(one)] = one
        elif id(one) not in seen:
            seen.add(id(one))
            todo += _inside(one, package)
    return sorted(found.values(), key=lambda call: call.action)


def _calls(kind: type[A], module: ModuleType) -> list[A]:
    return [one for one in vars(module).values() if isinstance(one, kind)]


def _inside(one: Any, package: str) -> Iterable[Any]:
    """What a function, a class or a container holds or names."""
    if isinstance(one, (tuple, list, set, frozenset)):
        return list(one)
    if isinstance(one, Mapping):
        return list(one.values())
    if isinstance(one, partial):
        return [one.func, *one.args]
    if isinstance(one, FunctionType):
        return _named(one, package) if one.__module__.startswith("collectors.") else ()
    if isinstance(one, type):
        own = one.__module__.startswith(package)
        return [each for each in vars(one).values() if own and isinstance(each, FunctionType)]
    return [getattr(one, each.name) for each in fields(one)] if is_dataclass(one) else ()


def _named(function: FunctionType, package: str) -> Iterator[Any]:
    """What the code of a function names, in its own module and as parts of other modules of the package."""
    known = function.__globals__
    for code in _codes(function.__code__):
        for name in code.co_names:
            value = known.get(name)
            if not isinstance(value, ModuleType):
                yield value
            elif value.__name__.startswith(package):
                parts = (getattr(value, part, None) for part in code.co_names)
                yield from (part for part in parts if not isinstance(part, ModuleType))
    yield from (cell.cell_contents for cell in function.__closure__ or ())


def _codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _codes(constant)
