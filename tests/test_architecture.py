"""What holds for the whole house: sizes, directions, catalogues, and words that have no place in it."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from orchestrator.words import LANGUAGES, Catalogues

ROOT = Path(__file__).resolve().parent.parent
FLOORS = ("bot", "agents", "orchestrator", "storage")
FILE_LIMIT, TEST_FILE_LIMIT, FUNCTION_LIMIT, CLASS_LIMIT = 400, 600, 50, 250
FORBIDDEN_NAMES = re.compile(r"(^|/)(utils?|helpers?|misc|common|mixins?)(\.py|/)")
TOP_LEVEL = {
    "pyproject.toml", "README.md", "bot", "agents", "orchestrator", "storage", "tests", "Dockerfile", "Makefile", "LICENSE", "docs", "examples",
    "benchmarks", ".ci", "compose.yaml", "requirements.lock", "CHANGELOG.md", "CONTRIBUTING.md", ".gitignore", ".pre-commit-config.yaml", ".dockerignore",
}  # fmt: skip
BELOW = {"storage": set(), "orchestrator": {"storage"}, "agents": {"orchestrator", "storage"}, "bot": {"agents", "orchestrator", "storage"}}
KEY = re.compile(r"""\bwords\(\s*(?:[a-z_.]*language,\s*)?"([a-z][a-z0-9-]+)\"""")


def tracked() -> list[Path]:
    """Files of the project, as git knows them; generated ones left out."""
    listed = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True)
    return [ROOT / name for name in listed.stdout.splitlines() if (ROOT / name).is_file()]


def sources() -> list[Path]:
    return [path for path in tracked() if path.suffix == ".py" and "migrations/versions" not in path.as_posix()]


def product() -> list[Path]:
    return [path for path in sources() if path.relative_to(ROOT).parts[0] in FLOORS]


def test_files_functions_and_classes_stay_small() -> None:
    too_long = []
    for path in sources():
        name, text = path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")
        limit = TEST_FILE_LIMIT if name.startswith("tests/") else FILE_LIMIT
        if text.count("\n") > limit:
            too_long.append(f"{name}: {text.count(chr(10))} lines")
        if name.startswith("tests/"):
            continue
        for node in ast.walk(ast.parse(text)):
            length = (getattr(node, "end_lineno", 0) or 0) - getattr(node, "lineno", 0) + 1
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and length > FUNCTION_LIMIT:
                too_long.append(f"{name}:{node.lineno} {node.name}: {length} lines")
            if isinstance(node, ast.ClassDef) and length > CLASS_LIMIT:
                too_long.append(f"{name}:{node.lineno} {node.name}: {length} lines")
    assert too_long == []


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def test_imports_go_down_only() -> None:
    wrong = []
    for path in product():
        floor = path.relative_to(ROOT).parts[0]
        for module in imports(path):
            target = module.split(".")[0]
            if target in FLOORS and target != floor and target not in BELOW[floor]:
                wrong.append(f"{path.relative_to(ROOT)} imports {module}")
    assert wrong == []


def test_specialists_know_the_contract_and_nothing_else_of_the_house() -> None:
    wrong = []
    for path in product():
        parts = path.relative_to(ROOT).parts
        if parts[0] != "agents" or parts[1] in {"tools", "catalog.py", "__init__.py"}:
            continue
        own = ".".join(parts[:2]).removesuffix(".py").partition("_")[0]  # its other rooms are called after it
        for module in imports(path):
            if module.split(".")[0] in FLOORS and module != "orchestrator.contracts" and not module.startswith(own):
                wrong.append(f"{'/'.join(parts)} imports {module}")
    assert wrong == []


def test_only_settings_reads_the_environment() -> None:
    readers = [path.relative_to(ROOT).as_posix() for path in product() if re.search(r"\bos\.(environ|getenv)\b", path.read_text(encoding="utf-8"))]
    assert readers == ["bot/settings.py"]


def test_only_the_engine_knows_dbos_and_only_the_port_langchain() -> None:
    def users(package: str) -> list[str]:
        return [path.relative_to(ROOT).as_posix() for path in product() if any(module.split(".")[0] == package for module in imports(path))]

    assert users("dbos") == ["orchestrator/execution/engine.py", "orchestrator/execution/engine_tables.py"]
    assert users("langchain") == ["orchestrator/language_model.py"]


def test_rooms_are_named_after_nouns() -> None:
    assert [name for path in tracked() if FORBIDDEN_NAMES.search(name := path.relative_to(ROOT).as_posix())] == []


def test_the_top_level_is_as_convention_expects() -> None:
    assert {path.relative_to(ROOT).parts[0] for path in tracked()} <= TOP_LEVEL


def test_every_text_exists_in_every_language() -> None:
    words = Catalogues()
    keys = {language: words.keys(language) for language in LANGUAGES}
    everything = frozenset().union(*keys.values())
    assert {language: sorted(everything - known) for language, known in keys.items() if everything - known} == {}


def test_every_text_that_is_used_exists() -> None:
    known = Catalogues().keys("en")
    used = {(path.name, key) for path in product() for key in KEY.findall(path.read_text(encoding="utf-8"))}
    assert sorted((name, key) for name, key in used if key not in known and not key.endswith("-")) == []


@pytest.mark.parametrize("path", ["requirements.lock"])
def test_the_lock_pins_hashes_and_names_no_index(path: str) -> None:
    text = (ROOT / path).read_text(encoding="utf-8")
    packages = re.findall(r"^[a-z0-9_.-]+(?:\[[a-z,-]+\])?==\S+", text, re.M | re.I)
    assert len(packages) > 50
    assert text.count("--hash=sha256:") >= len(packages)
    assert "://" not in text and "--index-url" not in text
    assert not re.search(r"^openai-agents==", text, re.M)


def test_no_path_of_a_machine_is_written_down() -> None:
    paths = re.compile(r"/(?:root|home/\w+|work)/")
    found = [
        path.relative_to(ROOT).as_posix() for path in tracked() if path.suffix in {".py", ".md", ".toml", ".yaml", ".lock", ""} and paths.search(_text(path))
    ]
    assert [name for name in found if name != "tests/test_architecture.py"] == []


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return ""
