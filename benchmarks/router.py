"""The router on public data: CLINC150 in full, and with 10 and 5 examples an intent.

    python benchmarks/router.py [full] [10-shot] [5-shot]

Reads ../shared/data and trains on `train` alone; where the data is absent it says so and measures nothing. "memory" is what a
fresh process grows by when it loads the trained classifier from its file and answers 1,000 messages: once with, once without
the import of numpy.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from orchestrator.triage.evaluation import evaluate, report
from orchestrator.triage.local_classifier import Example, LocalClassifier

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT.parent / "shared" / "data"
FULL, FEW = DATA / "clinc150_full.json", DATA / "clinc150_fewshot.json"
MEGABYTE = 1024 * 1024

_GROWTH = """
import json, os, sys
from pathlib import Path
def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
texts = json.loads(sys.stdin.read())
bare = resident()
from orchestrator.triage.local_classifier import LocalClassifier
imported = resident()
classifier = LocalClassifier.load(Path(sys.argv[1]))
classifier.predict_many(texts)
print(json.dumps([resident() - bare, resident() - imported]))
"""


@dataclass(frozen=True, slots=True)
class Growth:
    """Resident memory in MB that a process grows by."""

    with_imports: float
    loaded: float


def main(wanted: list[str]) -> None:
    if not (FULL.exists() and FEW.exists()):
        print(f"No data in {DATA}: nothing was measured.")
        return
    full, few = json.loads(FULL.read_text()), json.loads(FEW.read_text())
    test = examples([*full["test"], *full["oos_test"]])
    for name, rows in (("full", full["train"]), ("10-shot", few["train_10"]), ("5-shot", few["train_5"])):
        if not wanted or name in wanted:
            train = examples(rows)
            print(f"CLINC150 {name}: {len(train)} training lines")
            print(report(evaluate(test, train)))
            growth = memory(LocalClassifier.train(train), [example.text for example in test[:1000]])
            print(f"memory                     +{growth.loaded:.0f} MB ({growth.with_imports:.0f} MB with imports)\n")


def examples(rows: list[list[str]]) -> list[Example]:
    return [Example(text, intent) for text, intent in rows]


def memory(classifier: LocalClassifier, texts: list[str]) -> Growth:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "classifier.npz"
        classifier.save(path)
        command = [sys.executable, "-c", _GROWTH, str(path)]
        done = subprocess.run(command, input=json.dumps(texts), cwd=ROOT, capture_output=True, text=True, check=True)
    with_imports, loaded = json.loads(done.stdout)
    return Growth(with_imports / MEGABYTE, loaded / MEGABYTE)


if __name__ == "__main__":
    main(sys.argv[1:])
