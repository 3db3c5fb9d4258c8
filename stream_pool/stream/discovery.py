"""Finds the app that a command line names: `module`, `module:name`, or a module with one app in it."""

import importlib
import traceback

from stream_pool.errors import MisuseError, StreamPoolError
from stream_pool.stream.app import App


def find_app(path: str) -> App:
    """Import the module and return its app. Raises `MisuseError` where there is none.

    What the module itself raises is written to standard error as Python writes it, and is misuse, too.
    """
    module_name, _, name = path.partition(":")
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{module_name}.".startswith(f"{error.name}."):
            raise _not_imported(path, error) from error
        raise MisuseError(
            f"no module {error.name!r} for the app {path!r}: run from the folder that holds it"
        ) from None
    except StreamPoolError:
        raise
    except Exception as error:
        raise _not_imported(path, error) from error
    if name:
        found = getattr(module, name, None)
        if not isinstance(found, App):
            raise MisuseError(f"{path!r} is no stream_pool.App")
        return found
    apps = {id(value): value for value in vars(module).values() if isinstance(value, App)}
    if len(apps) != 1:
        raise MisuseError(f"module {module_name!r} has {len(apps)} apps: name one as {module_name}:name")
    return next(iter(apps.values()))


def _not_imported(path: str, error: Exception) -> MisuseError:
    traceback.print_exception(error)
    return MisuseError(f"the app {path!r} cannot be imported: {type(error).__qualname__}, see above")
