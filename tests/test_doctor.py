"""`majordomo doctor` on broken set-ups: it names the fault and the remedy. And the help of every command reads as help."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
COMMANDS = ("run", "worker", "chat", "route", "evaluate", "when", "doctor", "address", "pair")


def majordomo(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    settings = {**kept, "PYTHONPATH": str(ROOT), "COLUMNS": "120", "MAJORDOMO_PORT": "0", **environment}
    run = [sys.executable, "-m", "bot", *arguments]
    return subprocess.run(run, cwd=folder, env=settings, capture_output=True, text=True, timeout=60, check=False)


@contextmanager
def taken_port() -> Iterator[int]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield int(listener.getsockname()[1])


def test_a_sound_set_up_has_no_fault(tmp_path: Path) -> None:
    done = majordomo(tmp_path, "doctor")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "FAULT" not in done.stdout and "language model" in done.stdout


WHATSAPP = {"WHATSAPP_TOKEN": "EAA1234567", "WHATSAPP_PHONE_ID": "106540352242922", "WHATSAPP_APP_SECRET": "s" * 32, "WHATSAPP_VERIFY_TOKEN": "v"}
SETTINGS_FAULTS = {
    "a token cut short": ({"TELEGRAM_BOT_TOKEN": "12345"}, "TELEGRAM_BOT_TOKEN", "BotFather"),
    "a name as owner": ({"MAJORDOMO_OWNERS": "telegram:somebody"}, "no numeric id", "numeric"),
    "a database nobody knows": ({"DATABASE_URL": "mysql://x/y"}, "DATABASE_URL", "postgresql+psycopg://"),
    "a port that is none": ({"MAJORDOMO_PORT": "eighty"}, "MAJORDOMO_PORT", "number"),
    "a model without provider": ({"MAJORDOMO_MODEL": "gpt-5-mini"}, "without a provider", "openai:"),
    "a wish for strangers": ({"MAJORDOMO_STRANGERS": "maybe"}, "MAJORDOMO_STRANGERS", "welcome"),
    "open to the network": ({"MAJORDOMO_HOST": "0.0.0.0"}, "open to the network", "127.0.0.1"),
    "a database that is away": ({"DATABASE_URL": "postgresql+psycopg://u@127.0.0.1:1/x"}, "cannot be opened", "server runs"),
    "Telegram does not answer": (
        {"TELEGRAM_BOT_TOKEN": "42:abcdefghij", "TELEGRAM_API_ROOT": "http://127.0.0.1:1", "MAJORDOMO_OWNERS": "telegram:1"}, "does not answer", "TELEGRAM_API_ROOT",
    ),
    "a mail server without a sender": ({"SMTP_URL": "smtp://127.0.0.1:25"}, "SMTP_URL", "from=me@example.com"),
    "a hold that is none": ({"MAJORDOMO_MAIL_HOLD": "soon"}, "MAJORDOMO_MAIL_HOLD", "seconds"),
    "a calendar server over plain http": ({"CALDAV_URL": "http://user:secret@calendar.example.com/"}, "CALDAV_URL", "https://user:password@host/path/"),
    "WhatsApp half set up": ({"WHATSAPP_TOKEN": "EAA1234567", "WHATSAPP_PHONE_ID": "1065"}, "WHATSAPP_APP_SECRET, WHATSAPP_VERIFY_TOKEN is missing", "docs/whatsapp.md"),
    "WhatsApp does not answer": ({**WHATSAPP, "WHATSAPP_API_ROOT": "http://127.0.0.1:1"}, "does not answer", "WHATSAPP_API_ROOT"),
    "a model without its key": ({"MAJORDOMO_MODEL": "openai:gpt-5-mini"}, "OPENAI_API_KEY is missing", "OPENAI_BASE_URL"),
}  # fmt: skip


@pytest.mark.parametrize("name", SETTINGS_FAULTS)
def test_faults_in_the_settings(tmp_path: Path, name: str) -> None:
    environment, fault, remedy = SETTINGS_FAULTS[name]
    done = majordomo(tmp_path, "doctor", **environment)
    assert done.returncode == 1, done.stdout + done.stderr
    assert fault in done.stdout
    assert remedy in done.stdout.split("What to do:")[1]


def readable_by_all(folder: Path) -> None:
    (folder / "data").mkdir(mode=0o755)


def broken_yaml(folder: Path) -> None:
    (folder / "majordomo.yaml").write_text("business:\n  name: X\n  hours:\n    monday: 9 to whenever\n")


def extension_without_its_key(folder: Path) -> None:
    (folder / "majordomo.yaml").write_text("mcp:\n  weather:\n    url: https://weather.example.com/mcp\n    token: WEATHER_KEY\n")


def newer_database(folder: Path) -> None:
    majordomo(folder, "pair")
    import sqlite3

    with sqlite3.connect(folder / "data" / "majordomo.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")


@pytest.mark.parametrize(
    ("break_it", "fault", "remedy"),
    [
        (readable_by_all, "others can read", "chmod 700"),
        (broken_yaml, "majordomo.yaml:4", "mend it"),
        (extension_without_its_key, "not set: WEATHER_KEY", "section mcp"),
        (newer_database, "newer Majordomo", "update Majordomo"),
    ],
)
def test_faults_on_the_disk(tmp_path: Path, break_it: Callable[[Path], None], fault: str, remedy: str) -> None:
    break_it(tmp_path)
    done = majordomo(tmp_path, "doctor")
    assert done.returncode == 1, done.stdout + done.stderr
    assert fault in done.stdout and remedy in done.stdout


def test_a_taken_port(tmp_path: Path) -> None:
    with taken_port() as port:
        done = majordomo(tmp_path, "doctor", MAJORDOMO_PORT=str(port))
    assert done.returncode == 1
    assert "taken by another program" in done.stdout and "MAJORDOMO_PORT" in done.stdout


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help_reads_well(tmp_path: Path, command: str) -> None:
    done = majordomo(tmp_path, *([command] if command else []), "--help")
    assert done.returncode == 0
    assert ("Usage" in done.stdout and "majordomo" in done.stdout.lower()) or command in done.stdout
    if not command:
        assert all(name in done.stdout for name in COMMANDS)


def test_the_when_command(tmp_path: Path) -> None:
    import json

    done = majordomo(tmp_path, "when", "every weekday at 8", "--now", "2026-11-21T10:00:00+01:00", "--zone", "Europe/Berlin", "--json")
    assert json.loads(done.stdout) == {
        "start": "2026-11-23T08:00:00+01:00", "end": None, "recurrence": "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR;BYHOUR=8;BYMINUTE=0", "unread": [],
    }  # fmt: skip
    wrong = majordomo(tmp_path, "when", "tomorrow", "--zone", "Mars/Base")
    assert wrong.returncode == 2 and "Mars/Base" in wrong.stderr
