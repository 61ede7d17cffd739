"""The first bytes that Python is given on its standard input: it takes the other modules from there and runs the last one.

Nothing is installed on a host and nothing can be pulled away from under what runs. One line holds `[[name, source], …]`.
"""

from __future__ import annotations

import json
import sys
import types


def load(modules: list[tuple[str, str]]) -> types.ModuleType:
    for name, source in modules:
        module = types.ModuleType(name)
        sys.modules[name] = module
        exec(compile(source, name + ".py", "exec"), module.__dict__)
    return sys.modules[modules[-1][0]]


load(json.loads(sys.stdin.buffer.readline().decode())).main()
