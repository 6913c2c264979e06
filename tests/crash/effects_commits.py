"""A process that ends itself at a chosen commit: just before the database hears of it, or just after."""

from __future__ import annotations

from pathlib import Path

VARIABLE = "ENDS_AT_COMMIT"
BEFORE, AFTER = "before", "after"

CODE = """
import os, signal, threading
from sqlalchemy.engine import default

known, lock = {}, threading.Lock()
plain = default.DefaultDialect.do_commit
state = {"left": 0, "side": "", "armed": False}

def writes(dialect, pooled):
    raw = getattr(pooled, "dbapi_connection", pooled)
    if dialect.name == "sqlite":
        before, now = known.get(id(raw), 0), raw.total_changes
        known[id(raw)] = now
        return now != before
    return raw.execute("SELECT pg_current_xact_id_if_assigned()").fetchone()[0] is not None

def do_commit(dialect, pooled):
    if not writes(dialect, pooled):
        return plain(dialect, pooled)
    with lock:
        if not state["armed"] and os.path.exists(os.environ["ENDS_AT_COMMIT"]):
            left, side = open(os.environ["ENDS_AT_COMMIT"]).read().split()
            state.update(left=int(left), side=side, armed=True)
        mine = False
        if state["armed"]:
            state["left"] -= 1
            mine = state["left"] == 0
        if mine and state["side"] == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        plain(dialect, pooled)
        if mine:
            os.kill(os.getpid(), signal.SIGKILL)

default.DefaultDialect.do_commit = do_commit
"""
"""Only commits that write count, from the moment on at which the file says which one is the last."""


def arm(file: Path, number: int, side: str) -> None:
    """The `number`-th commit that writes from now on is the last thing the process does, or what it does not do any more."""
    part = file.with_suffix(".part")
    part.write_text(f"{number} {side}")
    part.rename(file)


def disarm(file: Path) -> None:
    file.unlink(missing_ok=True)
