"""Files that people send on WhatsApp: whatever they are called, they are kept, none in another's place, and none stops the channel."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from agents.tools.files.names import spelled
from bot.channels.base import Incoming, Kind
from bot.channels.whatsapp import media
from bot.channels.whatsapp.media import LONGEST_NAME, Fetcher, name_of
from bot.channels.whatsapp.wire import File
from orchestrator.people import Strangers
from storage.models import WhatsAppMediaRow
from tests.channels.whatsapp_house import World, house
from tests.servers.whatsapp import Person

NAMES = [
    "报告" * 50 + ".pdf", "ü" * 300, "a" * 300 + ".tar.gz", "no ending" * 40, "x." + "e" * 300, "½ price ／ \u2044 ﬁles.pdf", "../../etc/passwd", "\ud800\udfff.pdf", "…" * 200,
    ".hidden", "a" * 199 + "..", "  . .pdf", "𝕏" * 90 + ".docx", "con\u202etxt.exe", "नमस्ते" * 40 + ".jpg",
]  # fmt: skip


def sent(**payload: Any) -> Incoming:
    return Incoming("whatsapp", "wamid.1", "491", "491", Kind.FILE, payload={"file_id": "1", **payload})


@pytest.mark.parametrize("given", NAMES)
def test_every_name_becomes_one_that_a_folder_and_our_own_tools_take(given: str, tmp_path: Path) -> None:
    name = name_of(sent(name=given), File(b"", "application/pdf"))
    assert spelled(name) == name and len(name.encode()) <= LONGEST_NAME and "/" not in name
    (tmp_path / name).write_bytes(b"it is kept")
    marked = media._cut(name, " 0a1b2c3d")
    assert spelled(marked) == marked and len(marked.encode()) <= LONGEST_NAME and marked != name


def test_an_ending_outlives_the_cut() -> None:
    assert name_of(sent(name="报告" * 50 + ".pdf"), File(b"", "application/pdf")).endswith("报.pdf")


async def known(world: World) -> Person:
    ada = world.server.person("491")
    await world.server.hand_over(world.server.webhook((ada, ada.text("hello"))))
    return ada


async def fetched(world: World, count: int) -> list[Incoming]:
    """The files, once so many have come in."""
    await world.server.until(lambda: sum(item.kind is Kind.FILE for item in world.taken) >= count or None)
    return [item for item in world.taken if item.kind is Kind.FILE]


def contents(world: World) -> list[bytes]:
    return sorted(path.read_bytes() for path in world.folder.glob("files/*/received/*"))


async def test_a_long_chinese_name_is_kept(tmp_path: Path) -> None:
    async with house(tmp_path, strangers=Strangers.WELCOME) as world:
        ada = await known(world)
        await world.server.hand_over(world.server.webhook((ada, ada.file(b"content", name="报告" * 50 + ".pdf"))))
        (file,) = await fetched(world, 1)
        assert str(file.payload["kept"]).endswith(".pdf") and contents(world) == [b"content"]


async def test_files_of_one_name_stand_beside_each_other(tmp_path: Path) -> None:
    """Photos have no name of their own: two of the same second would be called the same; case makes no other name."""
    async with house(tmp_path) as world:
        ada = await known(world)
        files = [ada.file(b"photo one", media_type="image/jpeg", kind="image"), ada.file(b"photo two", media_type="image/jpeg", kind="image")]
        files += [ada.file(b"first", name="bill.pdf"), ada.file(b"second", name="bill.pdf"), ada.file(b"third", name="Bill.PDF")]
        await world.server.hand_over(world.server.webhook(*((ada, file) for file in files)))
        came = await fetched(world, 5)
        assert contents(world) == [b"first", b"photo one", b"photo two", b"second", b"third"]
        assert len({item.payload["kept"] for item in came}) == 5


async def test_the_same_file_fetched_again_after_a_crash_is_one_file(tmp_path: Path) -> None:
    async with house(tmp_path) as world:
        ada = await known(world)
        world.fail_intake = [sa.exc.OperationalError("insert", {}, Exception("the disk is busy"))]
        await world.server.hand_over(world.server.webhook((ada, ada.file(b"content", name="bill.pdf"))))
        await world.server.until(lambda: contents(world) or None)
        await world.channel._fetcher.fetch_due(intake_of(world))
        assert contents(world) == [b"content"] and world.taken[-1].payload["kept"] == "received/bill.pdf"


def intake_of(world: World) -> Any:
    intake = world.channel._intake
    assert intake is not None
    return intake


@pytest.mark.parametrize("trouble", [OSError(errno.ENAMETOOLONG, "File name too long"), OSError(errno.ENOSPC, "No space left"), ValueError("nonsense")])
async def test_a_file_that_cannot_be_kept_is_tried_again_told_and_ends_nothing(trouble: Exception, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tried = 0

    def put(self: Fetcher, person: str, item: Incoming, file: File) -> str:
        nonlocal tried
        tried += 1
        raise trouble

    monkeypatch.setattr(Fetcher, "_put", put)
    async with house(tmp_path) as world:
        ada = await known(world)
        await world.server.hand_over(world.server.webhook((ada, ada.file(b"content", name="bill.pdf"))))
        await world.server.until(lambda: tried or None)
        for _ in range(media.ATTEMPTS):
            world.server.advance(120)
            await world.channel._fetcher.fetch_due(intake_of(world))
        (file,) = await fetched(world, 1)
        assert file.payload["refused"] == "it could not be fetched" and tried == media.ATTEMPTS
        assert world.rows(sa.select(WhatsAppMediaRow.platform_id)) == []
        await world.server.hand_over(world.server.webhook((ada, ada.text("are you there?"))))
        assert world.stored[-1] == "are you there?"
