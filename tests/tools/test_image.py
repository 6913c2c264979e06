"""Pictures: smaller, in another format, with words on them, made by a provider; bombs are refused."""

from __future__ import annotations

import base64
import json
import struct
import threading
import zlib
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from io import BytesIO
from pathlib import Path
from typing import Any

import pydantic
import pytest

from agents.tools import image
from agents.tools.files import FileHouse, tools
from agents.tools.way_out import WayOut
from orchestrator.contracts import ToolError, TransientError
from orchestrator.outside import Deed, Result
from tests.tools.outside import FakeOutside, outside

Image = pytest.importorskip("PIL.Image", reason="Pillow is not installed")


@pytest.fixture
def hand(tmp_path: Path) -> FakeOutside:
    made = outside(tmp_path / "folder")
    Image.new("RGBA", (200, 100), (255, 0, 0, 128)).save(made.folder / "red.png")
    return made


async def act(tool: Any, hand: FakeOutside, **given: Any) -> Result:
    result: Result = await tool.act(hand, tool.arguments(**given))
    return result


async def test_a_picture_is_resized_converted_and_taken_back(hand: FakeOutside) -> None:
    made: Any = await act(image.ImageResize(FileHouse()), hand, name="red.png", to="small/red.jpg", width=50)
    assert (made.value["width"], made.value["height"]) == (50, 25) and Image.open(hand.folder / "small/red.jpg").format == "JPEG"
    again: Any = await act(image.ImageResize(FileHouse()), hand, name="red.png", to="small/red.jpg", width=50)
    assert again.value == made.value
    hand.key = "b" * 32
    await act(image.ImageConvert(FileHouse()), hand, name="red.png", to="red.webp")
    assert Image.open(hand.folder / "red.webp").format == "WEBP"
    hand.key = "c" * 32
    with pytest.raises(ToolError, match="exists already"):
        await act(image.ImageConvert(FileHouse()), hand, name="red.png", to="red.webp")
    restore: Any = next(tool for tool in tools(FileHouse()) if tool.name == "files.restore")
    assert restore.reach(restore.arguments(**made.undo.arguments)).deed is Deed.OWN
    await act(restore, hand, **made.undo.arguments)
    assert not (hand.folder / "small/red.jpg").exists()


async def test_words_are_written_and_missing_letters_are_told(hand: FakeOutside) -> None:
    made: Any = await act(image.ImageAnnotate(FileHouse(), fonts=()), hand, name="red.png", to="a.png", text="Hello \U00013000", where="middle")
    assert made.value["missing"] == ["\U00013000"] and len(Image.open(hand.folder / "a.png").convert("RGB").getcolors(100_000)) > 2


async def test_where_a_picture_was_taken_is_left_out(hand: FakeOutside) -> None:
    picture = Image.new("RGB", (10, 20))
    exif = picture.getexif()
    exif[0x010E], exif[0x0112] = "secret place", 6
    picture.save(hand.folder / "photo.jpg", exif=exif)
    made: Any = await act(image.ImageConvert(FileHouse()), hand, name="photo.jpg", to="plain.jpg")
    assert (made.value["width"], made.value["height"]) == (20, 10) and b"secret place" not in (hand.folder / "plain.jpg").read_bytes()


def bomb(width: int, height: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack("!I", len(data)) + kind + data + struct.pack("!I", zlib.crc32(kind + data))

    head = struct.pack("!IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\x00" * 1000)) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    "data", [bomb(8_000, 8_000), bomb(60_000, 60_000), b"\x89PNG\r\n\x1a\n", b"no picture", b"%!PS-Adobe-3.0 EPSF-3.0\n", bomb(2_000, 2_000)]
)
async def test_bombs_and_what_is_no_picture_are_refused(data: bytes, hand: FakeOutside) -> None:
    (hand.folder / "bomb.png").write_bytes(data)
    with pytest.raises(ToolError):
        await act(image.ImageConvert(FileHouse()), hand, name="bomb.png", to="b.png")


def test_without_the_limit_a_bomb_is_opened() -> None:
    """The twin: Pillow by itself lets 64 million pixels through."""
    assert Image.open(BytesIO(bomb(8_000, 8_000))).size == (8_000, 8_000)


@pytest.mark.parametrize("to", ["../x.png", "x.exe", "x.svg", "/x.png"])
def test_names_are_those_of_pictures(to: str) -> None:
    with pytest.raises(pydantic.ValidationError):
        image.Converting(name="a.png", to=to)


@pytest.fixture
def provider() -> Iterator[tuple[str, list[Any], list[int]]]:
    """A stand-in for the provider; `answers` are the next status codes."""
    asked: list[Any] = []
    answers: list[int] = []
    stream = BytesIO()
    Image.new("RGB", (16, 16)).save(stream, "PNG")
    picture = {"data": [{"b64_json": base64.b64encode(stream.getvalue()).decode()}]}

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked.append((self.path, dict(self.headers), json.loads(self.rfile.read(int(self.headers["Content-Length"])))))
            body = json.dumps(picture).encode()
            self.send_response(answers.pop() if answers else 200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            return

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/v1", asked, answers
    server.shutdown()
    server.server_close()


async def test_a_picture_is_made_once(provider: tuple[str, list[Any], list[int]], hand: FakeOutside) -> None:
    url, asked, answers = provider
    tool: Any = image.ImageGenerate(FileHouse(), image.Provider(url, "s3cret"), WayOut())
    answers.append(503)
    with pytest.raises(TransientError):
        await act(tool, hand, prompt="a cake", to="cake.png")
    for _ in range(2):
        await act(tool, hand, prompt="a cake", to="cake.png")
    assert Image.open(hand.folder / "cake.png").size == (16, 16) and len(asked) == 2
    path, headers, body = asked[-1]
    assert (
        path == "/v1/images/generations"
        and headers["Authorization"] == "Bearer s3cret"
        and headers["Idempotency-Key"] == hand.key
        and body["prompt"] == "a cake"
    )
    answers.append(401)
    hand.key = "d" * 32
    with pytest.raises(ToolError) as refused:
        await act(tool, hand, prompt="a cake", to="other.png")
    assert "s3cret" not in str(refused.value) + repr(tool) and tool.reach(tool.arguments(prompt="x", to="x.png")).hosts == {"127.0.0.1"}
