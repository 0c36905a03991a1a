"""Small changes to a module of the policy engine: which there are, and the module with one of them made."""

from __future__ import annotations

import ast
import copy
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import CodeType

SOURCE = Path(__file__).resolve().parents[2] / "src" / "troth" / "policy"
WORD = re.compile(r"[a-z][a-z_.]*")
SWAPPED: dict[type[ast.AST], type[ast.AST]] = {
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt,
    ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.And: ast.Or, ast.Or: ast.And,
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Add, ast.FloorDiv: ast.Mult, ast.Div: ast.Mult, ast.Mod: ast.Mult,
    ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd, ast.LShift: ast.RShift, ast.RShift: ast.LShift,
}  # fmt: skip
RENAMED = {"any": "all", "all": "any", "min": "max", "max": "min", "sorted": "list", "isdisjoint": "issuperset"}


@dataclass(frozen=True)
class Mutant:
    """One small change to one module: the node, by its place in the tree, and which of its changes."""

    module: str
    node: int
    change: int
    lines: range  # of the statement, as far as it runs together
    line: int
    said: str

    def __str__(self) -> str:
        return f"{self.module}.py:{self.line}: {self.said}"

    def code(self) -> CodeType:
        """Return the broken module."""
        path = SOURCE / f"{self.module}.py"
        tree = ast.parse(path.read_text(encoding="utf-8"))
        node = list(ast.walk(tree))[self.node]
        changed = list(changes(node))[self.change]
        for parent in ast.walk(tree):
            for name, value in ast.iter_fields(parent):
                if value is node:
                    setattr(parent, name, changed)
                elif isinstance(value, list):
                    value[:] = [changed if one is node else one for one in value]
        return compile(ast.fix_missing_locations(tree), str(path), "exec", dont_inherit=True)


def mutants_of(module: str) -> Iterator[Mutant]:
    tree = ast.parse((SOURCE / f"{module}.py").read_text(encoding="utf-8"))
    spared, statements = set(map(id, _spared(tree))), _statements(tree)
    for number, node in enumerate(ast.walk(tree)):
        if id(node) in spared or not isinstance(node, ast.expr | ast.stmt | ast.comprehension):
            continue
        place = node.iter if isinstance(node, ast.comprehension) else node
        statement = statements[id(node)]
        last = place if hasattr(statement, "body") else statement
        lines = range(statement.lineno, (last.end_lineno or last.lineno) + 1)
        for change, changed in enumerate(changes(node)):
            yield Mutant(module, number, change, lines, place.lineno, f"{_said(node)}  ->  {_said(changed)}")


def _statements(tree: ast.Module) -> dict[int, ast.stmt]:
    """Return the innermost statement of every node."""
    found: dict[int, ast.stmt] = {}
    for node in ast.walk(tree):  # breadth first: a statement inside another one comes later
        if isinstance(node, ast.stmt):
            found |= dict.fromkeys(map(id, ast.walk(node)), node)
    return found


def _said(node: ast.AST) -> str:
    return " ".join(ast.unparse(node).split())[:90] if not isinstance(node, ast.Pass) else "(left out)"


def _spared(tree: ast.Module) -> Iterator[ast.AST]:
    """Yield what is not worth breaking: annotations, docstrings, sentences, decorators, imports for types."""
    for node in ast.walk(tree):
        spare = [getattr(node, name, None) for name in ("annotation", "returns")] + getattr(node, "decorator_list", [])
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            spare += [node]
        if isinstance(node, ast.JoinedStr | ast.Raise):
            spare += [one for one in ast.walk(node) if isinstance(one, ast.Constant)]
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            spare += [node]
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            spare += [node]
        for one in filter(None, spare):
            yield from ast.walk(one)


def changes(node: ast.AST) -> Iterator[ast.AST]:
    """Yield small changes of one node. Their order is part of a mutant's name, so it must not depend on anything."""
    if isinstance(node, ast.Compare):
        for number, operator in enumerate(node.ops):
            changed = copy.deepcopy(node)
            changed.ops[number] = SWAPPED[type(operator)]()  # type: ignore[call-overload]  # an operator for an operator
            yield changed
    elif isinstance(node, ast.BoolOp | ast.BinOp | ast.AugAssign) and type(node.op) in SWAPPED:
        changed_operator = copy.deepcopy(node)
        changed_operator.op = SWAPPED[type(node.op)]()  # type: ignore[assignment]  # likewise
        yield changed_operator
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not | ast.Invert):
        yield node.operand
    elif isinstance(node, ast.Call):
        yield from _renamed(node)
    elif isinstance(node, ast.Constant):
        yield from _constants(node)
    else:
        yield from _flow(node)


def _renamed(node: ast.Call) -> Iterator[ast.AST]:
    name = getattr(node.func, "id", getattr(node.func, "attr", ""))
    if name in RENAMED and not (name in ("min", "max", "sorted") and node.keywords):
        changed = copy.deepcopy(node)
        setattr(changed.func, "id" if isinstance(node.func, ast.Name) else "attr", RENAMED[name])
        yield changed


def _constants(node: ast.Constant) -> Iterator[ast.AST]:
    value = node.value
    if isinstance(value, bool):
        yield ast.Constant(not value)
    elif isinstance(value, int):
        yield ast.Constant(value + 1)
    elif isinstance(value, str) and WORD.fullmatch(value):
        yield ast.Constant(f"not {value}")


def _flow(node: ast.AST) -> Iterator[ast.AST]:
    """Yield changes of what runs at all: conditions turned round or dropped, statements left out, nothing returned."""
    if isinstance(node, ast.If | ast.While | ast.IfExp):
        changed = copy.deepcopy(node)
        changed.test = ast.UnaryOp(ast.Not(), changed.test)
        yield changed
    elif isinstance(node, ast.comprehension):
        for number in range(len(node.ifs)):
            kept = copy.deepcopy(node)
            del kept.ifs[number]
            yield kept
    elif isinstance(node, ast.Continue):
        yield ast.Break()
    elif isinstance(node, ast.Expr):
        yield ast.Pass()
    elif isinstance(node, ast.Return) and ast.unparse(node) not in ("return", "return None"):
        yield ast.Return(ast.Constant(None))
