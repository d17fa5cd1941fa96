"""One piece of work in this process: `python -m tests.bench.worker module:function '{"argument": ...}'`."""

import json
import resource
import sys
from importlib import import_module

KILOBYTES = 1024 if sys.platform != "darwin" else 1024 * 1024


def main(target: str, arguments: str) -> None:
    module, _, name = target.partition(":")
    figures = getattr(import_module(module), name)(**json.loads(arguments))
    peak = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    sys.stdout.write("\n" + json.dumps({**figures, "peak_mb": peak / KILOBYTES}) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
