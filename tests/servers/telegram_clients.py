"""Two libraries of others behind one face, so that one test is driven by both."""

from __future__ import annotations

from typing import Any, Protocol

import aiogram
import telegram
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.exceptions import TelegramBadRequest, TelegramForbiddenError, TelegramMigrateToChat, TelegramRetryAfter, TelegramUnauthorizedError
from aiogram.types import BotCommand, BufferedInputFile, InlineKeyboardButton, InlineKeyboardMarkup, ReactionTypeEmoji, ReplyParameters
from aiogram.types import InputMediaDocument as AiogramDocument

from tests.servers.telegram import TelegramServer


class Refused(Exception):
    """A request was answered with ok=false: kind is bad, forbidden, flood, migrate or unauthorized; `value` its parameter."""

    def __init__(self, kind: str, text: str, value: float = 0) -> None:
        super().__init__(text)
        self.kind, self.value = kind, value


class Client(Protocol):
    """What the tests do with a library."""

    async def me(self) -> str: ...
    async def poll(self, offset: int | None = None, seconds: int = 1) -> list[Any]: ...
    async def send(
        self, chat: int, text: str, *, mode: str | None = None, rows: list[list[tuple[str, str]]] | None = None, reply: int | None = None
    ) -> int: ...
    async def edit(self, chat: int, message: int, text: str) -> None: ...
    async def answer(self, query: str, text: str) -> None: ...
    async def delete(self, chat: int, message: int) -> None: ...
    async def document(self, chat: int, name: str, content: bytes) -> str: ...
    async def album(self, chat: int, contents: list[bytes]) -> int: ...
    async def download(self, file_id: str) -> bytes: ...
    async def webhook(self, url: str, secret: str) -> None: ...
    async def no_webhook(self) -> None: ...
    async def introduce(self) -> list[str]: ...
    async def react(self, chat: int, message: int, emoji: str) -> None: ...
    async def typing(self, chat: int) -> None: ...
    async def close(self) -> None: ...


class PtbClient:
    """python-telegram-bot's Bot."""

    def __init__(self, server: TelegramServer) -> None:
        self.bot = telegram.Bot(server.token, base_url=f"{server.root}/bot", base_file_url=f"{server.root}/file/bot")

    async def _do(self, call: Any) -> Any:
        try:
            return await call
        except telegram.error.RetryAfter as error:
            raise Refused("flood", str(error), float(error.retry_after)) from error  # type: ignore[arg-type]
        except telegram.error.ChatMigrated as error:
            raise Refused("migrate", str(error), error.new_chat_id) from error
        except telegram.error.BadRequest as error:
            raise Refused("bad", str(error)) from error
        except telegram.error.Forbidden as error:
            raise Refused("forbidden", str(error)) from error
        except telegram.error.InvalidToken as error:
            raise Refused("unauthorized", str(error)) from error

    async def me(self) -> str:
        return str((await self._do(self.bot.get_me())).username)

    async def poll(self, offset: int | None = None, seconds: int = 1) -> list[Any]:
        return list(await self._do(self.bot.get_updates(offset=offset, timeout=seconds, allowed_updates=["message", "callback_query", "edited_message"])))

    async def send(self, chat: int, text: str, *, mode: str | None = None, rows: list[list[tuple[str, str]]] | None = None, reply: int | None = None) -> int:
        markup = telegram.InlineKeyboardMarkup([[telegram.InlineKeyboardButton(a, callback_data=b) for a, b in row] for row in rows]) if rows else None
        parameters = telegram.ReplyParameters(reply) if reply else None
        sent = await self._do(self.bot.send_message(chat, text, parse_mode=mode, reply_markup=markup, reply_parameters=parameters))
        return int(sent.message_id)

    async def edit(self, chat: int, message: int, text: str) -> None:
        await self._do(self.bot.edit_message_text(text, chat, message))

    async def answer(self, query: str, text: str) -> None:
        await self._do(self.bot.answer_callback_query(query, text))

    async def delete(self, chat: int, message: int) -> None:
        await self._do(self.bot.delete_message(chat, message))

    async def document(self, chat: int, name: str, content: bytes) -> str:
        return str((await self._do(self.bot.send_document(chat, telegram.InputFile(content, name), caption="a file"))).document.file_id)

    async def album(self, chat: int, contents: list[bytes]) -> int:
        return len(await self._do(self.bot.send_media_group(chat, [telegram.InputMediaDocument(one, filename="a.txt") for one in contents])))

    async def download(self, file_id: str) -> bytes:
        return bytes(await (await self._do(self.bot.get_file(file_id))).download_as_bytearray())

    async def webhook(self, url: str, secret: str) -> None:
        await self._do(self.bot.set_webhook(url, secret_token=secret, max_connections=4))

    async def no_webhook(self) -> None:
        await self._do(self.bot.delete_webhook())

    async def introduce(self) -> list[str]:
        await self._do(self.bot.set_my_commands([telegram.BotCommand("tasks", "What runs")], language_code="en"))
        await self._do(self.bot.set_my_description("Described"))
        await self._do(self.bot.set_my_short_description("Short"))
        commands = await self._do(self.bot.get_my_commands(language_code="en"))
        described = await self._do(self.bot.get_my_description())
        return [*(command.command for command in commands), described.description]

    async def react(self, chat: int, message: int, emoji: str) -> None:
        await self._do(self.bot.set_message_reaction(chat, message, emoji))

    async def typing(self, chat: int) -> None:
        await self._do(self.bot.send_chat_action(chat, "typing"))

    async def close(self) -> None:
        await self.bot.shutdown()


class AiogramClient:
    """aiogram's Bot."""

    def __init__(self, server: TelegramServer) -> None:
        self.bot = aiogram.Bot(server.token, session=AiohttpSession(api=TelegramAPIServer.from_base(server.root)))

    async def _do(self, call: Any) -> Any:
        try:
            return await call
        except TelegramRetryAfter as error:
            raise Refused("flood", str(error), error.retry_after) from error
        except TelegramMigrateToChat as error:
            raise Refused("migrate", str(error), error.migrate_to_chat_id) from error
        except TelegramBadRequest as error:
            raise Refused("bad", str(error)) from error
        except TelegramForbiddenError as error:
            raise Refused("forbidden", str(error)) from error
        except TelegramUnauthorizedError as error:
            raise Refused("unauthorized", str(error)) from error

    async def me(self) -> str:
        return str((await self._do(self.bot.get_me())).username)

    async def poll(self, offset: int | None = None, seconds: int = 1) -> list[Any]:
        return list(await self._do(self.bot.get_updates(offset=offset, timeout=seconds, allowed_updates=["message", "callback_query", "edited_message"])))

    async def send(self, chat: int, text: str, *, mode: str | None = None, rows: list[list[tuple[str, str]]] | None = None, reply: int | None = None) -> int:
        keys = [[InlineKeyboardButton(text=a, callback_data=b) for a, b in row] for row in rows or []]
        markup = InlineKeyboardMarkup(inline_keyboard=keys) if rows else None
        parameters = ReplyParameters(message_id=reply) if reply else None
        sent = await self._do(self.bot.send_message(chat, text, parse_mode=mode, reply_markup=markup, reply_parameters=parameters))
        return int(sent.message_id)

    async def edit(self, chat: int, message: int, text: str) -> None:
        await self._do(self.bot.edit_message_text(text=text, chat_id=chat, message_id=message))

    async def answer(self, query: str, text: str) -> None:
        await self._do(self.bot.answer_callback_query(query, text))

    async def delete(self, chat: int, message: int) -> None:
        await self._do(self.bot.delete_message(chat, message))

    async def document(self, chat: int, name: str, content: bytes) -> str:
        sent = await self._do(self.bot.send_document(chat, BufferedInputFile(content, name), caption="a file"))
        return str(sent.document.file_id)

    async def album(self, chat: int, contents: list[bytes]) -> int:
        media: list[Any] = [AiogramDocument(media=BufferedInputFile(one, "a.txt")) for one in contents]
        return len(await self._do(self.bot.send_media_group(chat, media)))

    async def download(self, file_id: str) -> bytes:
        stream = await self.bot.download(file_id)
        assert stream is not None
        return stream.read()

    async def webhook(self, url: str, secret: str) -> None:
        await self._do(self.bot.set_webhook(url, secret_token=secret, max_connections=4))

    async def no_webhook(self) -> None:
        await self._do(self.bot.delete_webhook())

    async def introduce(self) -> list[str]:
        await self._do(self.bot.set_my_commands([BotCommand(command="tasks", description="What runs")], language_code="en"))
        await self._do(self.bot.set_my_description("Described"))
        await self._do(self.bot.set_my_short_description("Short"))
        commands = await self._do(self.bot.get_my_commands(language_code="en"))
        described = await self._do(self.bot.get_my_description())
        return [*(command.command for command in commands), described.description]

    async def react(self, chat: int, message: int, emoji: str) -> None:
        await self._do(self.bot.set_message_reaction(chat, message, [ReactionTypeEmoji(emoji=emoji)]))

    async def typing(self, chat: int) -> None:
        await self._do(self.bot.send_chat_action(chat, "typing"))

    async def close(self) -> None:
        await self.bot.session.close()
