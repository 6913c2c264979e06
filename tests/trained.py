"""One trained router serves all tests: kept beside pytest's own cache, trained by whichever worker needs it first."""

from __future__ import annotations

import fcntl
import os
import shutil
from pathlib import Path

from agents.catalog import Catalog
from orchestrator.business import Business, BusinessBook
from orchestrator.triage.intent_data import load_builtin
from orchestrator.triage.router import Router
from orchestrator.words import Catalogues

TRAINED = Path(__file__).resolve().parent.parent / ".pytest_cache" / "majordomo-trained"


def copy_trained(source: Path, target: Path) -> None:
    """What one bot trained serves the next; the files are named by what they were trained on."""
    target.mkdir(parents=True, exist_ok=True)
    for file in source.glob("*.npz"):
        if not (target / file.name).exists():
            whole = target / f"{file.name}.{os.getpid()}"
            shutil.copy(file, whole)
            whole.rename(target / file.name)


def trained_router(cache: Path) -> Router:
    """The router of the built-in intents; in `cache` lies what it and others before it were trained on. While one worker trains, the others wait."""
    TRAINED.mkdir(parents=True, exist_ok=True)
    with (TRAINED / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        copy_trained(TRAINED, cache)
        router = Router.load(load_builtin(), Catalog(book=BusinessBook(Business), words=Catalogues()), cache)
        copy_trained(cache, TRAINED)
    return router
