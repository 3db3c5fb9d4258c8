"""Holds the compiled decoder against the twin and the standard library, on random documents.

    scripts/fuzz_decode --cases 10000000 --seed 1 [--jobs 2] [--resume FILE]
    scripts/fuzz_decode --seed 1 --sequence 17       # one sequence again, made as short as can be
    scripts/fuzz_decode --leaks 10000000             # memory and references stay flat over so many documents
    scripts/fuzz_decode --valgrind                   # a short list under memcheck

Ends with 1 where something was found, with 2 where it could not be looked for.
"""

import argparse
import os
import sys
from pathlib import Path

from fuzzing import campaign, faces, leaks, memcheck


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="scripts/fuzz_decode",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--cases", type=int, default=100_000, help="documents to play in all (100,000)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes (one a core)")
    parser.add_argument(
        "--resume", type=Path, metavar="FILE", help="go on from this file, and keep it current"
    )
    parser.add_argument("--sequence", type=int, metavar="N", help="only this one")
    parser.add_argument(
        "--face", choices=("core", "twin"), default="core", help="who is held to account (core)"
    )
    parser.add_argument("--leaks", type=int, metavar="N", help="decode so many, and look at what is left")
    parser.add_argument("--valgrind", action="store_true", help="decode a little under valgrind")
    chosen = parser.parse_args()
    if chosen.face == "core":
        try:
            faces.core()
        except ImportError as error:
            print(f"the compiled core is not to be had: {error}", file=sys.stderr)
            return 2
    if chosen.valgrind:
        return memcheck.run()
    if chosen.leaks is not None:
        return leaks.run(chosen.leaks, chosen.face)
    if chosen.sequence is not None:
        print(found := campaign.told_in_full(chosen.seed, chosen.sequence, chosen.face))
        return int("shortest: " in found)
    try:
        state = campaign.State.of(chosen.resume, chosen.seed)
    except ValueError as error:
        parser.error(str(error))
    state = campaign.campaign(state, chosen.cases, jobs=chosen.jobs, path=chosen.resume, face=chosen.face)
    print(
        f"{state.cases:,} documents of seed {state.seed} in {state.next_number:,} sequences, "
        f"{state.seconds:,.0f} s"
    )
    print(f"accepted {state.accepted:,}; refused {dict(sorted(state.refused.items()))}")
    print(f"found something: {state.findings or 'none'}")
    return int(bool(state.findings))


if __name__ == "__main__":
    sys.exit(main())
