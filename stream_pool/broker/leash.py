"""Runs one command, and never lets it outlive whoever asked for it.

    python leash.py DIRECTORY COMMAND [ARGUMENT ...]

The command's process id is the only line on standard output; its own output goes to standard error, and its
exit code becomes ours. Standard input is the leash: nothing is ever written to it, so the end of it, while
the command still runs, means that the owner is gone, were it by SIGKILL. Then the command is killed and
DIRECTORY, where its data are, is removed.

A parent-death signal would not do: Linux sends it when the *thread* that started the command ends, and other
systems do not have it. Standard library only: this file is run by path, without the package.
"""

import os
import shutil
import signal
import subprocess
import sys
import threading


def main(directory: str, command: list[str]) -> int:
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=sys.stderr)
    os.write(1, f"{process.pid}\n".encode())
    os.close(1)
    owner_is_gone = threading.Event()

    def watch() -> None:
        while os.read(0, 1):
            pass
        owner_is_gone.set()
        process.kill()

    threading.Thread(target=watch, daemon=True).start()
    code = process.wait()
    if owner_is_gone.is_set():
        shutil.rmtree(directory, ignore_errors=True)
        os.killpg(0, signal.SIGKILL)  # whatever the command has started, and ourselves
    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.exit(main(sys.argv[1], sys.argv[2:]))
