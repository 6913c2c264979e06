"""WhatsApp's Cloud API for tests. `async with WhatsAppServer() as server:` and then `server.person(...)`, `server.root`, `server.say(...)`, `server.shown(...)`."""

from tests.servers.whatsapp.people import Person
from tests.servers.whatsapp.platform import Sent
from tests.servers.whatsapp.refusals import Refusal
from tests.servers.whatsapp.server import PHONE_ID, SECRET, TOKEN, VERIFY, Fault, WhatsAppServer

__all__ = ["PHONE_ID", "SECRET", "TOKEN", "VERIFY", "Fault", "Person", "Refusal", "Sent", "WhatsAppServer"]
