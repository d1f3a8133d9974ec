"""What a model says of its fields: the strings behind them in its source.

Pydantic can read them (``use_attribute_docstrings``), and does so when a class is made: every program that touches the
spec would parse its source, a third of what importing the spec takes, for a schema and a table that few ask for.
"""

from __future__ import annotations

import ast
import inspect
import sys
from functools import cache
from itertools import pairwise

from pydantic import BaseModel


def field_docstrings(model: type[BaseModel]) -> dict[str, str]:
    """Return field -> the string behind it, of a model and what it inherits. A field without one is left out."""
    found: dict[str, str] = {}
    for each in reversed(model.__mro__):
        if each is not BaseModel and issubclass(each, BaseModel):
            found |= _of_module(each.__module__).get(each.__qualname__, {})
    return {name: text for name, text in found.items() if name in model.model_fields}


@cache
def _of_module(name: str) -> dict[str, dict[str, str]]:
    """Return class -> field -> its string, of the classes at the top of a module."""
    tree = ast.parse(inspect.getsource(sys.modules[name]))
    return {statement.name: _of_body(statement.body) for statement in tree.body if isinstance(statement, ast.ClassDef)}


def _of_body(body: list[ast.stmt]) -> dict[str, str]:
    found = {}
    for field, behind in pairwise(body):
        if (
            isinstance(field, ast.AnnAssign)
            and isinstance(field.target, ast.Name)
            and isinstance(behind, ast.Expr)
            and isinstance(behind.value, ast.Constant)
            and isinstance(behind.value.value, str)
        ):
            found[field.target.id] = inspect.cleandoc(behind.value.value)
    return found
