"""Every figure, one benchmark after the other, each in a process of its own."""

from __future__ import annotations

import subprocess
import sys

ALL = ("benchmarks.message_path", "benchmarks.crash", "benchmarks.router", "benchmarks.dispatcher", "benchmarks.live")


def main() -> int:
    """Runs all, goes on after a failure, and says so at the end."""
    failed = []
    for name in ALL:
        print(f"== {name}", flush=True)
        if subprocess.run([sys.executable, "-m", name], check=False).returncode != 0:
            failed.append(name)
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
