"""Which texts an expression of the code can be, read from its syntax tree without running it.

A text is a *template*: literals, with `HOLE` for each value that is known only at run time. Names
are followed to what was assigned to them, parameters to what callers give, functions to what they
return, across all modules that are given; whatever is not understood is a hole.
"""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path

HOLE = "\0"
Templates = frozenset[str]
UNKNOWN: Templates = frozenset({HOLE})
_PHRASE = re.compile(r"[a-z]{2} |[ (][a-z]{2}")
_ALTERNATIVES_MAX = 64
_DEPTH_MAX = 12
_Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass
class Module:
    """A file: its tree, what stands at its top, and which function each node is in."""

    name: str
    path: Path
    tree: ast.Module
    constants: dict[str, ast.expr] = field(default_factory=dict)
    functions: dict[str, list[_Function]] = field(default_factory=lambda: defaultdict(list))
    imported: dict[str, tuple[str, str]] = field(default_factory=dict)
    inside: dict[ast.AST, _Function] = field(default_factory=dict)


def read(path: Path, name: str) -> Module:
    """A file, parsed."""
    module = Module(name, path, ast.parse(path.read_text("utf-8")))
    for node in module.tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            module.constants[node.targets[0].id] = node.value
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value:
            module.constants[node.target.id] = node.value
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                module.imported[alias.asname or alias.name] = (node.module, alias.name)
    for node in ast.walk(module.tree):  # outer functions come before those inside them
        if isinstance(node, _Function):
            module.functions[node.name].append(node)
            for child in ast.walk(node):
                module.inside[child] = node
    return module


class Code:
    """All modules, as one."""

    def __init__(self, modules: Iterable[Module]) -> None:
        self.modules = {module.name: module for module in modules}
        self.quoted: dict[str, set[str]] = defaultdict(set)
        self._known: dict[ast.expr, Templates] = {}
        self._calls: dict[str, list[tuple[Module, ast.Call]]] = defaultdict(list)
        for module in self.modules.values():
            for node in ast.walk(module.tree):
                if isinstance(node, ast.Call):
                    self._calls[called(node)].append((module, node))

    def templates(self, module: Module, expr: ast.expr, depth: int = 0) -> Templates:
        """All that `expr`, which stands in `module`, can be."""
        if depth > _DEPTH_MAX:
            return UNKNOWN
        if expr not in self._known:
            self._known[expr] = UNKNOWN  # where it leads back to itself
            found = self._of(module, expr, depth + 1)
            self._known[expr] = found if 0 < len(found) <= _ALTERNATIVES_MAX else UNKNOWN
        return self._known[expr]

    def _of(self, module: Module, expr: ast.expr, depth: int) -> Templates:
        match expr:
            case ast.Constant(value=str() | None as value):
                return frozenset({value or ""})
            case ast.JoinedStr(values=values):
                return self._joined(module, values, depth)
            case ast.FormattedValue(value=value, conversion=-1, format_spec=None):
                return self._inside(module, value, depth)
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                return self._joined(module, [left, right], depth)
            case ast.IfExp(body=one, orelse=other) | ast.BoolOp(op=ast.Or(), values=[one, other]):
                return self._any(module, [one, other], depth)
            case ast.Name(id=name):
                return self._named(module, expr, name, depth)
            case ast.Subscript(value=table):
                return self._looked_up(module, table, depth)
            case ast.Call(func=ast.Attribute(value=table, attr="get"), args=[_, *default]):
                return self._looked_up(module, table, depth) | self._any(module, default, depth)
            case (
                ast.Lambda(body=text)
                | ast.Call(func=ast.Attribute(value=text, attr="strip" | "rstrip"), args=[])
            ):
                return self.templates(module, text, depth)
            case ast.Call():
                return self._returned(module, called(expr), expr.func, depth)
        return UNKNOWN

    def _inside(self, module: Module, value: ast.expr, depth: int) -> Templates:
        """What can stand at a place of an f-string: phrases, and a hole for all mere values.

        Phrases that come from elsewhere are kept as texts of their own in `quoted`.
        """
        found = self.templates(module, value, depth)
        phrases = {one for one in found if _PHRASE.search(one)}
        if HOLE not in found and not any(HOLE in one or " " in one for one in found):
            return found
        if self._is_local(module, value):
            return frozenset(phrases) | (UNKNOWN if HOLE in found else found)
        loose = {one for one in phrases if one[0] in " (,;:"}
        self.quoted[module.name] |= phrases - loose
        return frozenset(loose) | (UNKNOWN if phrases - loose or HOLE in found else found)

    def _is_local(self, module: Module, value: ast.expr) -> bool:
        if not isinstance(value, ast.Name):
            return not isinstance(value, ast.Call)
        inside = module.inside.get(value)
        return inside is not None and any(_assigned(inside, value.id))

    def _joined(self, module: Module, values: Sequence[ast.expr], depth: int) -> Templates:
        parts = [self.templates(module, value, depth) for value in values]
        size = 1
        for index, part in enumerate(parts):
            size *= len(part)
            if size > _ALTERNATIVES_MAX:
                parts[index], size = UNKNOWN, size // len(part)
        return frozenset("".join(pieces) for pieces in product(*parts))

    def _any(self, module: Module, values: Sequence[ast.expr], depth: int) -> Templates:
        return frozenset().union(*(self.templates(module, value, depth) for value in values))

    def _named(self, module: Module, use: ast.AST, name: str, depth: int) -> Templates:
        inside = module.inside.get(use)
        if inside is not None:
            given = list(_assigned(inside, name))
            if given:
                return frozenset().union(
                    *(self._item(module, value, index, depth) for value, index in given)
                )
            parameters = [*inside.args.posonlyargs, *inside.args.args, *inside.args.kwonlyargs]
            if name in {one.arg for one in parameters}:
                return self._passed(module, inside, name, depth)
        home, value = self._constant(module, name)
        if value is not None:
            return self.templates(home, value, depth)
        return self._returned(module, name, ast.Name(name), depth)

    def _item(
        self, module: Module, value: ast.expr | None, index: int | None, depth: int
    ) -> Templates:
        """What was assigned; with an index, that item of a tuple."""
        if value is None or depth > _DEPTH_MAX:
            return UNKNOWN
        if index is None:
            return self.templates(module, value, depth)
        match value:
            case ast.Tuple(elts=items) if index < len(items):
                return self.templates(module, items[index], depth)
            case ast.Subscript(value=table):
                home, values = self._table(module, table)
                return self._items(home, values, index, depth)
            case ast.Call(func=ast.Attribute(value=table, attr="get"), args=[_, *default]):
                home, values = self._table(module, table)
                return self._items(home, [*values, *default], index, depth)
            case ast.Call():
                found = list(self._results(module, called(value), value.func))
                return frozenset().union(
                    UNKNOWN, *(self._items(home, [one], index, depth) for home, one in found)
                )
        return UNKNOWN

    def _items(
        self, module: Module, values: Sequence[ast.expr], index: int, depth: int
    ) -> Templates:
        found = [self._item(module, value, index, depth + 1) for value in values]
        return frozenset().union(*found) if found else UNKNOWN

    def _constant(self, module: Module, name: str) -> tuple[Module, ast.expr | None]:
        if name in module.constants:
            return module, module.constants[name]
        where, there = module.imported.get(name, ("", ""))
        home = self.modules.get(where)
        return (home, home.constants.get(there)) if home is not None else (module, None)

    def _table(self, module: Module, table: ast.expr) -> tuple[Module, Sequence[ast.expr]]:
        """The values of a mapping: one at the top of a module, or one that is written here."""
        home, value = module, table
        if isinstance(table, ast.Name):
            found, constant = self._constant(module, table.id)
            home, value = (found, constant) if constant is not None else (module, table)
        return home, value.values if isinstance(value, ast.Dict) else ()

    def _looked_up(self, module: Module, table: ast.expr, depth: int) -> Templates:
        home, values = self._table(module, table)
        return self._any(home, values, depth) if values else UNKNOWN

    def _returned(self, module: Module, name: str, func: ast.expr, depth: int) -> Templates:
        results = self._results(module, name, func)
        found = [self.templates(home, value, depth) for home, value in results]
        return frozenset().union(*found) if found else UNKNOWN

    def _results(
        self, module: Module, name: str, func: ast.expr
    ) -> Iterator[tuple[Module, ast.expr]]:
        """What a function of ours returns: one of this module, or one that it imports."""
        home = module
        if isinstance(func, ast.Name) and name in module.imported:
            where, name = module.imported[name]
            home = self.modules.get(where, module)
        for function in home.functions.get(name, ()):
            for node in ast.walk(function):
                if isinstance(node, ast.Return) and node.value and home.inside[node] is function:
                    yield home, node.value

    def _passed(self, module: Module, function: _Function, name: str, depth: int) -> Templates:
        """What callers give for a parameter, or its default."""
        found: set[str] = set()
        skipped = 1 if function.args.args and function.args.args[0].arg in ("self", "cls") else 0
        names = [one.arg for one in function.args.args[skipped:]]
        for home, call in self._calls[function.name]:
            value = argument(call, name, names.index(name) if name in names else None)
            if value is not None and self._reaches(home, call, module, function.name):
                found |= self.templates(home, value, depth)
        default = _default(function, name)
        return frozenset(found) | (self.templates(module, default, depth) if default else set())

    def _reaches(self, home: Module, call: ast.Call, module: Module, name: str) -> bool:
        """Whether that call may mean the function of this name in `module`."""
        match call.func:
            case ast.Attribute(value=ast.Name(id=owner)) if owner in home.imported:
                return ".".join(home.imported[owner]) == module.name
            case ast.Attribute():
                return home is module
        return home is module or home.imported.get(name, ("", ""))[0] == module.name


def called(call: ast.Call) -> str:
    """The last name of what is called; "" where it has none."""
    match call.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


def argument(call: ast.Call, name: str, place: int | None) -> ast.expr | None:
    """What is given for a parameter, by name or at its place."""
    for keyword in call.keywords:
        if keyword.arg == name:
            return keyword.value
    if place is None or place >= len(call.args):
        return None
    return None if any(isinstance(one, ast.Starred) for one in call.args) else call.args[place]


def _default(function: _Function, name: str) -> ast.expr | None:
    plain = [*function.args.posonlyargs, *function.args.args]
    late = plain[len(plain) - len(function.args.defaults) :]
    pairs = [
        *zip(late, function.args.defaults, strict=True),
        *zip(function.args.kwonlyargs, function.args.kw_defaults, strict=True),
    ]
    return next((value for one, value in pairs if one.arg == name), None)


def _assigned(function: _Function, name: str) -> Iterator[tuple[ast.expr | None, int | None]]:
    """What a function assigns to a name: the value, and which item of it. None is not known."""
    for node in ast.walk(function):
        match node:
            case ast.Assign(targets=targets, value=value):
                yield from _fits(targets, value, name)
            case (
                ast.AnnAssign(target=ast.Name(id=found), value=value)
                | ast.NamedExpr(target=ast.Name(id=found), value=value)
            ) if found == name:
                yield value, None
            case ast.AugAssign(target=ast.Name(id=found)) if found == name:
                yield None, None
            case ast.For(target=target) | ast.comprehension(target=target):
                if any(isinstance(n, ast.Name) and n.id == name for n in ast.walk(target)):
                    yield None, None


def _fits(
    targets: Sequence[ast.expr], value: ast.expr, name: str
) -> Iterator[tuple[ast.expr, int | None]]:
    for target in targets:
        if isinstance(target, ast.Name) and target.id == name:
            yield value, None
        elif isinstance(target, ast.Tuple):
            for index, one in enumerate(target.elts):
                if isinstance(one, ast.Name) and one.id == name:
                    yield value, index
