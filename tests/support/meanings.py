"""What the settings say of themselves: the string below each field, which no worker takes time to read."""

import ast
import inspect
from itertools import pairwise

from stream_pool.settings import SecuritySettings, Settings


def meanings() -> dict[str, str]:
    """The meaning of each field, by its name."""
    found: dict[str, str] = {}
    for owner in (SecuritySettings, Settings):
        (declared,) = ast.parse(inspect.getsource(owner)).body
        assert isinstance(declared, ast.ClassDef)
        for field, below in pairwise(declared.body):
            match field, below:
                case ast.AnnAssign(target=ast.Name(name)), ast.Expr(ast.Constant(str(told))):
                    found[name] = inspect.cleandoc(told)
    return found
