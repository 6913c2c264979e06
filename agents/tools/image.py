"""Pictures: another size, another format, words on them, or made anew by a model provider. Always a new file."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from io import BytesIO
from pathlib import Path
from typing import Annotated, Any, Literal

import pydantic

from agents.tools.files import FileHouse, FileName, undo
from agents.tools.way_out import Ask, WayOut, destination, fetch
from orchestrator.contracts import Effect, Json, ToolError, TransientError
from orchestrator.outside import Deed, Outside, Phrase, Preview, Reach, Result

FORMATS = {"png": "PNG", "jpg": "JPEG", "jpeg": "JPEG", "webp": "WEBP", "gif": "GIF", "bmp": "BMP", "tif": "TIFF", "tiff": "TIFF"}
PIXELS = 50_000_000
"""A picture with more is refused before it is unpacked: a few kilobytes can claim gigabytes."""
SIDE = 10_000
FONTS = (
    "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf", "/usr/share/fonts/truetype/noto/NotoSans-Regular.ttf", "/usr/share/fonts/truetype/liberation/LiberationSans-Regular.ttf",
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc", "/usr/share/fonts/truetype/wqy/wqy-microhei.ttc", "/usr/share/fonts/truetype/droid/DroidSansFallbackFull.ttf",
)  # fmt: skip
"""Looked at in turn for one that has every character; else the font that comes with Pillow."""
ANSWER_BYTES = 40_000_000
PROVIDER_SECONDS = 170.0


def _picture(name: str) -> str:
    if name.rpartition(".")[2].lower() not in FORMATS:
        raise ValueError(f"the name of a picture ends with one of: {', '.join(FORMATS)}")
    return name


PictureName = Annotated[FileName, pydantic.AfterValidator(_picture)]


class Converting(pydantic.BaseModel):
    """What `image.convert` takes, and the other tools besides."""

    model_config = pydantic.ConfigDict(extra="forbid", frozen=True)

    name: FileName
    to: PictureName = pydantic.Field(description="Name of the new picture; its ending says the format")


class Resizing(Converting):
    """What `image.resize` takes. With one side given, the other keeps the proportions; with both, the picture fits within."""

    width: int | None = pydantic.Field(default=None, ge=1, le=SIDE)
    height: int | None = pydantic.Field(default=None, ge=1, le=SIDE)

    @pydantic.model_validator(mode="after")
    def _some_side(self) -> Resizing:
        if self.width is None and self.height is None:
            raise ValueError("give width or height, or both")
        return self


class Annotating(Converting):
    """What `image.annotate` takes."""

    text: str = pydantic.Field(min_length=1, max_length=500)
    where: Literal["top", "middle", "bottom"] = "bottom"
    color: str = pydantic.Field(default="#ffffff", pattern=r"^#[0-9a-fA-F]{6}$")
    size: int | None = pydantic.Field(default=None, ge=6, le=1000, description="Height of the letters in pixels; default: what suits the picture")


class Generating(pydantic.BaseModel):
    """What `image.generate` takes."""

    model_config = pydantic.ConfigDict(extra="forbid", frozen=True)

    prompt: str = pydantic.Field(min_length=1, max_length=4000, description="What the picture shows")
    to: PictureName = pydantic.Field(description="Name of the new picture; its ending says the format")
    size: Literal["1024x1024", "1536x1024", "1024x1536"] = "1024x1024"


@dataclass(frozen=True, slots=True)
class Provider:
    """Where pictures are made: an interface like OpenAI's, `base_url` up to and with /v1."""

    base_url: str
    key: str = field(repr=False)
    model: str = "gpt-image-1"


class Drawn:
    """What the three tools that work on a file have in common."""

    house: FileHouse
    summary: str

    def reach(self, arguments: Converting) -> Reach:
        return Reach(Deed.OWN, files=(arguments.name,))

    def preview(self, arguments: Converting, words: Phrase) -> Preview:
        return Preview(words(self.summary, name=arguments.name, to=arguments.to), self.details(arguments, words))

    def details(self, arguments: Any, words: Phrase) -> tuple[tuple[str, str], ...]:
        return ()

    async def act(self, outside: Outside, arguments: Converting) -> Result:
        return await asyncio.to_thread(self._made, outside, arguments)

    def draw(self, picture: Any, arguments: Any) -> tuple[Any, dict[str, Json]]:
        """The new picture, and what there is to say of it."""
        return picture, {}

    def _made(self, outside: Outside, arguments: Converting) -> Result:
        keeper = self.house.keeper(outside)
        _refuse_taken(keeper, arguments.to)
        picture, said = self.draw(opened(outside.judged(arguments.name, keeper.folder.read(arguments.name)), arguments.name), arguments)
        keeper.put(arguments.to, packed(picture, arguments.to))
        value: dict[str, Json] = {"name": arguments.to, "width": picture.width, "height": picture.height, **said}
        return Result(value, private=True, undo=undo([outside.key], [arguments.to]))


@dataclass
class ImageConvert(Drawn):
    """Writes a picture in another format."""

    house: FileHouse
    name: str = "image.convert"
    version: int = 1
    description: str = "Convert a picture of the person's folder to another format, as a new file. Positions, times and other data hidden in it are left out."
    effect: Effect = Effect.REVERSIBLE
    arguments: type[pydantic.BaseModel] = Converting
    credits: int = 2
    seconds: float = 60.0
    summary: str = "image-convert-summary"


@dataclass
class ImageResize(Drawn):
    """Makes a picture smaller or larger."""

    house: FileHouse
    name: str = "image.resize"
    version: int = 1
    description: str = "Make a copy of a picture of the person's folder with another width or height in pixels; proportions are kept."
    effect: Effect = Effect.REVERSIBLE
    arguments: type[pydantic.BaseModel] = Resizing
    credits: int = 2
    seconds: float = 60.0
    summary: str = "image-resize-summary"

    def details(self, arguments: Resizing, words: Phrase) -> tuple[tuple[str, str], ...]:
        return ((words("image-size"), f"{arguments.width or '…'} × {arguments.height or '…'}"),)

    def draw(self, picture: Any, arguments: Resizing) -> tuple[Any, dict[str, Json]]:
        scale = min(wanted / had for wanted, had in ((arguments.width, picture.width), (arguments.height, picture.height)) if wanted)
        size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
        if size[0] * size[1] > PIXELS or max(size) > SIDE:
            raise ToolError(f"{size[0]} × {size[1]} pixels are too many; at most {SIDE} on a side and {PIXELS} in all")
        return (picture.convert("RGBA") if picture.mode == "P" else picture).resize(size), {}


@dataclass
class ImageAnnotate(Drawn):
    """Writes on a picture."""

    house: FileHouse
    fonts: tuple[str, ...] = FONTS
    name: str = "image.annotate"
    version: int = 1
    description: str = "Write words on a copy of a picture of the person's folder. Says which characters no font here can show."
    effect: Effect = Effect.REVERSIBLE
    arguments: type[pydantic.BaseModel] = Annotating
    credits: int = 2
    seconds: float = 60.0
    summary: str = "image-annotate-summary"

    def details(self, arguments: Annotating, words: Phrase) -> tuple[tuple[str, str], ...]:
        return ((words("image-text"), arguments.text),)

    def draw(self, picture: Any, arguments: Annotating) -> tuple[Any, dict[str, Json]]:
        from PIL import ImageDraw  # noqa: PLC0415 - heavy, at first need

        canvas = picture.convert("RGBA")
        height = arguments.size or max(10, canvas.height // 12)
        font, missing = chosen_font(arguments.text, height, self.fonts)
        pen = ImageDraw.Draw(canvas)
        text = _wrapped(arguments.text, lambda line: float(pen.textlength(line, font=font)), canvas.width * 0.94)
        edge = max(1, height // 12)
        left, top, right, bottom = pen.multiline_textbbox((0, 0), text, font=font, align="center", stroke_width=edge)
        at = {"top": height // 2, "middle": (canvas.height - (bottom - top)) // 2, "bottom": canvas.height - (bottom - top) - height // 2}[arguments.where]
        dark = sum(int(arguments.color[place : place + 2], 16) for place in (1, 3, 5)) < 382
        place = ((canvas.width - (right - left)) / 2 - left, max(0, at) - top)
        pen.multiline_text(place, text, font=font, fill=arguments.color, align="center", stroke_width=edge, stroke_fill="#ffffff" if dark else "#000000")
        return canvas, {"missing": list[Json](missing), "fits": bottom - top <= canvas.height}


@dataclass
class ImageGenerate:
    """Has a picture made."""

    house: FileHouse
    provider: Provider
    way_out: WayOut
    name: str = "image.generate"
    version: int = 1
    description: str = "Have a picture made from a description by the configured provider, and save it as a new file in the person's folder. Costs credits."
    effect: Effect = Effect.IDEMPOTENT
    arguments: type[pydantic.BaseModel] = Generating
    credits: int = 200
    seconds: float = 240.0
    paid: bool = True

    @property
    def host(self) -> str:
        return destination(self.provider.base_url).host

    def reach(self, arguments: Generating) -> Reach:
        return Reach(Deed.OWN, frozenset({self.host}))

    def preview(self, arguments: Generating, words: Phrase) -> Preview:
        details = ((words("image-prompt"), arguments.prompt), (words("image-size"), arguments.size))
        return Preview(words("image-generate-summary", host=self.host, to=arguments.to), details)

    async def act(self, outside: Outside, arguments: Generating) -> Result:
        keeper = self.house.keeper(outside)
        record = await asyncio.to_thread(keeper.record, outside.key)
        if record is None:
            await asyncio.to_thread(_refuse_taken, keeper, arguments.to)
            data = await self._asked(outside, arguments)
            picture = await asyncio.to_thread(opened, data, "the picture")
            data = await asyncio.to_thread(packed, picture, arguments.to)
        else:
            data = b""  # made and staged by an earlier attempt, whose bytes are finished
        kept = await asyncio.to_thread(keeper.put, arguments.to, data)
        return Result({"name": kept.name, "bytes": kept.bytes, "size": arguments.size}, private=True, undo=undo([outside.key], [arguments.to]))

    async def _asked(self, outside: Outside, arguments: Generating) -> bytes:
        limits = replace(self.way_out.limits, body_bytes=ANSWER_BYTES, whole_seconds=PROVIDER_SECONDS)
        way = replace(self.way_out.allowing(self.provider.base_url), limits=limits)
        body = json.dumps({"model": self.provider.model, "prompt": arguments.prompt, "size": arguments.size, "n": 1}).encode()
        headers = {"Content-Type": "application/json", "Accept": "application/json", "Idempotency-Key": outside.key}
        secret = {"Authorization": f"Bearer {self.provider.key}"}
        try:
            answer = await fetch(way, Ask("POST", f"{self.provider.base_url.rstrip('/')}/images/generations", headers, body, secret, follow=False))
        except TransientError:
            outside.charging()  # asked for, perhaps made, and not received
            raise
        if answer.status < 300 or answer.status >= 500:
            outside.charging()
        if answer.status >= 500 or answer.status in {408, 409, 429}:
            raise TransientError(f"{self.host} makes no pictures at the moment ({answer.status}); try again later")
        if answer.status in {401, 403}:
            raise ToolError(f"{self.host} refused the key for making pictures; the operator must set another one")
        if answer.status >= 300:
            raise ToolError(f"{self.host} refused to make that picture ({answer.status}); describe it differently")
        try:
            return base64.b64decode(json.loads(answer.body)["data"][0]["b64_json"], validate=True)
        except (ValueError, KeyError, IndexError, TypeError):
            raise TransientError(f"{self.host} sent no picture; try again later") from None


def opened(data: bytes, name: str) -> Any:
    """A picture, upright, unpacked only when it is small enough. Raises ToolError."""
    from PIL import Image, ImageOps  # noqa: PLC0415 - heavy, at first need

    try:
        picture = Image.open(BytesIO(data), formats=tuple(sorted(set(FORMATS.values()))))
        if picture.width * picture.height > PIXELS:
            raise ToolError(f"{name} claims {picture.width} × {picture.height} pixels; at most {PIXELS} are unpacked")
        picture.load()
        return ImageOps.exif_transpose(picture)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise ToolError(f"{name} claims more pixels than can be unpacked") from None
    except (OSError, ValueError, SyntaxError, EOFError, IndexError, TypeError) as error:
        raise ToolError(f"{name} is no picture that can be read ({type(error).__name__})") from None


def packed(picture: Any, name: str) -> bytes:
    """The file of a picture, in the format that its name says, without data of where and when it was taken."""
    kind = FORMATS[name.rpartition(".")[2].lower()]
    if kind in {"JPEG", "BMP"} and picture.mode not in {"RGB", "L"}:
        picture = _on_white(picture)
    elif picture.mode not in {"RGB", "RGBA", "L", "P"}:
        picture = picture.convert("RGB")
    stream = BytesIO()
    bare = picture.copy()
    bare.info = {name: value for name, value in picture.info.items() if name == "transparency"}
    bare.save(stream, format=kind, **({"quality": 90} if kind in {"JPEG", "WEBP"} else {}))
    return stream.getvalue()


def chosen_font(text: str, height: int, fonts: tuple[str, ...]) -> tuple[Any, list[str]]:
    """The first font that has every character, or the one that misses fewest; and the characters it misses."""
    from PIL import ImageFont  # noqa: PLC0415 - heavy, at first need

    best: tuple[Any, list[str]] | None = None
    for path in (*(path for path in fonts if Path(path).is_file()), ""):
        font = ImageFont.truetype(path, height) if path else ImageFont.load_default(height)
        nothing = bytes(font.getmask("\U0010fffe"))
        lacking = [sign for sign in dict.fromkeys(text) if not sign.isspace() and bytes(font.getmask(sign)) in {nothing, b""}]
        if best is None or len(lacking) < len(best[1]):
            best = font, lacking
        if not lacking:
            break
    assert best is not None
    return best


def _on_white(picture: Any) -> Any:
    from PIL import Image  # noqa: PLC0415 - heavy, at first need

    whole = picture.convert("RGBA")
    ground = Image.new("RGBA", whole.size, "#ffffff")
    ground.alpha_composite(whole)
    return ground.convert("RGB")


def _wrapped(text: str, length: Callable[[str], float], most: float) -> str:
    """Lines no wider than the picture; what has no spaces is broken anywhere."""
    lines = [""]
    for paragraph in text.splitlines():
        for word in paragraph.split(" "):
            joined = f"{lines[-1]} {word}".strip()
            if length(joined) <= most:
                lines[-1] = joined
                continue
            lines.append("")
            for sign in word:
                if lines[-1] and length(lines[-1] + sign) > most:
                    lines.append("")
                lines[-1] += sign
        lines.append("")
    return "\n".join(lines).strip("\n")


def _refuse_taken(keeper: Any, name: str) -> None:
    if keeper.record(keeper.key) is None and keeper.folder.stat(name) is not None:
        raise ToolError(f"{name} exists already; choose another name")
