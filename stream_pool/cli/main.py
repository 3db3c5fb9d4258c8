"""`stream-pool`: the one place where an error becomes a line and an exit code.

It imports next to nothing itself: a Ctrl-C while the commands are imported is one like any other.
"""

import sys

from stream_pool.errors import StreamPoolError

_INTERRUPTED = 130


def main() -> None:
    """Run the command line. Ends the process with one of `ExitCode`, or 130 after Ctrl-C."""
    try:
        from stream_pool.cli.commands import app

        app()
    except StreamPoolError as error:
        print(f"stream-pool: {error.reason}: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(_INTERRUPTED)


if __name__ == "__main__":
    main()
