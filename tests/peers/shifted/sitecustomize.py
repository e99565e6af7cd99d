"""Another time for a whole program, from outside: Python imports this before anything else.

`SHIFTED_BY` names a file of eight bytes: by how many seconds the clock is ahead. Every process of the program
maps that file, so setting it sets the clock of all of them at once, like an administrator who runs `date -s`.
Durations (`time.monotonic`) stay real, as they do there.
"""

import mmap
import os
import struct
import sys

SECONDS = struct.Struct("<q")


def _shift(path: str) -> None:
    # Without pytest in sight: it would be imported into every process, to register a fixture nobody asks for.
    hidden = sys.modules.setdefault("pytest", None)  # type: ignore[arg-type]
    import time_machine

    if hidden is None:
        del sys.modules["pytest"]
    with open(path, "rb") as file:  # noqa: PTH123 - pathlib is not needed this early
        shared = mmap.mmap(file.fileno(), SECONDS.size, access=mmap.ACCESS_READ)

    class Shifted(time_machine.Traveller):
        """Now, and so much later."""

        def time_ns(self) -> int:
            return time_machine._time_machine.original_time_ns() + SECONDS.unpack(shared[:])[0] * 10**9

    time_machine.travel(0).start()
    time_machine.traveller_stack[:] = [Shifted(0, None, tick=True)]


if os.environ.get("SHIFTED_BY"):
    _shift(os.environ["SHIFTED_BY"])
