"""An app's module, executed anew for each worker, as each worker's own process would.

An app is made where its module is imported, and a module is imported once; two workers of a simulation, or
two lives of one, need an app each. So the module is executed again and left out of `sys.modules`.

Limits: what the module imports is imported once, as ever. An app made in another module than the one that is
named is shared by all.
"""

import sys
from importlib.util import find_spec, module_from_spec
from types import ModuleType

from stream_pool.errors import MisuseError
from stream_pool.stream.app import App


class AppModule:
    """`name` is a module, or `module:attribute` where the app is not called `app`.

    `module` is its latest execution.
    """

    def __init__(self, name: str) -> None:
        self.name, _, attribute = name.partition(":")
        self.module: ModuleType | None = None
        self._attribute = attribute or "app"

    def make_app(self) -> App:
        """Execute the module, and return its app. Raises `MisuseError` where there is none."""
        try:
            spec = find_spec(self.name)
        except ModuleNotFoundError as error:
            raise MisuseError(f"no module {self.name!r}: {error}") from error
        if spec is None or spec.loader is None:
            raise MisuseError(f"no module {self.name!r} on sys.path")
        self.module = module = module_from_spec(spec)
        before = sys.modules.get(self.name)
        sys.modules[self.name] = module  # dataclasses and pickles look themselves up there
        try:
            spec.loader.exec_module(module)
        finally:
            if before is None:
                sys.modules.pop(self.name, None)
            else:
                sys.modules[self.name] = before
        app = getattr(module, self._attribute, None)
        if not isinstance(app, App):
            raise MisuseError(f"{self.name}.{self._attribute} is {app!r}, and no stream_pool.App")
        return app
