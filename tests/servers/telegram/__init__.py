"""Telegram for tests. `async with TelegramServer() as server:` and then `server.user(1)`, `server.root`, `server.token`, `server.wait_for(...)`."""

from tests.servers.telegram.faults import Fault, Faults
from tests.servers.telegram.messages import Button, Chat, Message, Sent
from tests.servers.telegram.people import User
from tests.servers.telegram.platform import Toast
from tests.servers.telegram.server import TOKEN, Request, TelegramServer, Violation

__all__ = ["TOKEN", "Button", "Chat", "Fault", "Faults", "Message", "Request", "Sent", "TelegramServer", "Toast", "User", "Violation"]
