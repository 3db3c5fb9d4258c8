"""What was said on a command line, as against what holds anyway.

An option that would have no effect is misuse: whoever gave it expects one.
"""

import typer

from stream_pool.errors import MisuseError


class Given:
    """The options that were given to a command, by the names of their parameters."""

    def __init__(self, context: typer.Context) -> None:
        self._flags: dict[str | None, str] = {
            parameter.name: max(parameter.opts, key=len)
            for parameter in context.command.params
            if _is_given(context, parameter.name)
        }

    def __contains__(self, name: str) -> bool:
        return name in self._flags

    def flag(self, name: str) -> str:
        """How an option that was given is written: `--max-gap`."""
        return self._flags[name]

    def refuse(self, *names: str, because: str) -> None:
        """Raise `MisuseError` where any of these was given."""
        if found := [self._flags[name] for name in names if name in self._flags]:
            raise MisuseError(f"{', '.join(found)}: {because}")


def _is_given(context: typer.Context, name: str | None) -> bool:
    source = None if name is None else context.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"
