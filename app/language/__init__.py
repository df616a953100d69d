"""The expression language in which business people state conditions: parsed, typed, explained and worded here; pure.

An expression is a small typed subset of Python's syntax. It is parsed with `ast`, never evaluated by Python. Its names
are checked against a `Vocabulary`; its logic is three-valued: a comparison with something missing, blank or unreadable
is *unknown*, neither true nor false.
"""

from app.language.closures import Condition, compile_node
from app.language.interpreter import evaluate
from app.language.nodes import Expression, Node
from app.language.parsing import parse, parse_path
from app.language.problems import ExpressionInvalid, Problem
from app.language.traces import Trace
from app.language.types import CodeList, Field, Form, Function, Kind, ListOf, Scalar, SetOf, Struct, Type, Vocabulary
from app.language.wording import word

__all__ = [
    "CodeList",
    "Condition",
    "Expression",
    "ExpressionInvalid",
    "Field",
    "Form",
    "Function",
    "Kind",
    "ListOf",
    "Node",
    "Problem",
    "Scalar",
    "SetOf",
    "Struct",
    "Trace",
    "Type",
    "Vocabulary",
    "compile_node",
    "evaluate",
    "parse",
    "parse_path",
    "word",
]
