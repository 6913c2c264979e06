"""A model for tests. `async with ModelServer() as server:` and then `server.base_url`, `server.script(...)`, `server.calls`."""

from tests.servers.openai_api.script import ToolUse
from tests.servers.openai_api.server import KEY, MODEL, Call, ModelServer

__all__ = ["KEY", "MODEL", "Call", "ModelServer", "ToolUse"]
