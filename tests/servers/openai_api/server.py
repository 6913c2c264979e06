"""An OpenAI-compatible server for tests: strict about requests, answering from a script, failing on demand."""

from __future__ import annotations

import asyncio
import base64
import json
import struct
import time
from dataclasses import dataclass
from typing import Any, Self

from aiohttp import web

from tests.servers.openai_api.answers import Answer, answer, count_tokens, embedding
from tests.servers.openai_api.refusals import Json, Refusal, overloaded
from tests.servers.openai_api.requests import ChatRequest, read_chat, read_embedding
from tests.servers.openai_api.script import Fault, Line, Reply, Script, ToolUse

KEY = "sk-key-of-this-machine"
MODEL = "test-model"
GARBAGE = "<!doctype html><p>upstream said something else"


@dataclass(frozen=True)
class Call:
    """One call to the model. `time` is Unix time in seconds, `status` what was answered (0: connection closed)."""

    time: float
    prompt: str
    last_user_text: str
    model: str
    stream: bool
    tools: tuple[str, ...]
    status: int
    fault: str | None
    reply: str
    prompt_tokens: int
    completion_tokens: int
    seconds: float


class ModelServer:
    """A model on 127.0.0.1, an asynchronous context manager. `base_url` ends in /v1. `key` None takes any key, but asks for one."""

    def __init__(self, *, default: Reply = "I see.", models: tuple[str, ...] = (MODEL,), key: str | None = None, port: int = 0) -> None:
        self.base_url, self.models, self.key, self._port = "", models, key, port
        self.lines = Script(default)
        self.calls: list[Call] = []
        self.violations: list[str] = []
        self._runner: web.AppRunner | None = None
        self._number = 0

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=20 * 2**20)
        app.router.add_post("/v1/chat/completions", self._chat)
        app.router.add_post("/v1/embeddings", self._embeddings)
        app.router.add_get("/v1/models", self._models)
        app.router.add_get("/v1/models/{name}", self._model)
        app.router.add_route("*", "/{rest:.*}", self._elsewhere)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self._port).start()
        self._port = self._runner.addresses[0][1]
        self.base_url = f"http://127.0.0.1:{self._port}/v1"
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    def script(
        self,
        match: str | None = None,
        *,
        reply: Reply | None = None,
        tool: ToolUse | list[ToolUse] | None = None,
        fault: Fault | None = None,
        whole: bool = False,
        times: int | None = None,
        retry_after: float | None = None,
        seconds: float = 1.0,
        status: int = 500,
    ) -> Line:
        """Plan an answer or a fault, see Script.add: the first line that fits is spoken. `seconds` is how long a timeout sleeps."""
        return self.lines.add(match, reply=reply, tool=tool, fault=fault, whole=whole, times=times, retry_after=retry_after, seconds=seconds, status=status)

    # --- HTTP ---

    async def _chat(self, request: web.Request) -> web.StreamResponse:
        started = time.monotonic()
        try:
            asked = read_chat(await self._body(request))
            if asked.model not in self.models:
                raise Refusal(404, f"The model `{asked.model}` does not exist or you do not have access to it.", code="model_not_found")
        except Refusal as refusal:
            return self._refuse(refusal)
        line = self.lines.next(asked)
        said: Answer | None = None
        response: web.StreamResponse | None
        try:
            response = await self._stumble(line)
            if response is None:
                self._number += 1
                said = answer(asked, line, self._number)
                response = await (self._stream(request, asked, said, line) if asked.stream else self._whole(request, said, line))
        except Refusal as refusal:
            response = _refused(refusal)
        except (AssertionError, ValueError) as error:
            self.violations.append(f"script: {type(error).__name__}: {error}")
            response = _refused(Refusal(400, f"the script does not fit the request: {error}"))
        closed = request.transport is None or request.transport.is_closing()
        self.calls.append(_logged(asked, line, said, 0 if closed else response.status, time.monotonic() - started))
        return response

    async def _stumble(self, line: Line) -> web.Response | None:
        """What goes wrong before the model says anything."""
        match line.fault:
            case "rate_limit":
                raise overloaded(line.retry_after)
            case "server_error":
                raise Refusal(line.status, "The server had an error while processing your request.", kind="server_error")
            case "timeout":
                await asyncio.sleep(line.seconds)
            case "garbage":
                return web.Response(text=GARBAGE, content_type="application/json")
            case "wrong_json":
                return web.json_response({"object": "list", "data": [], "result": "ok"})
        return None

    async def _whole(self, request: web.Request, said: Answer, line: Line) -> web.StreamResponse:
        body = json.dumps(said.whole()).encode()
        if line.fault != "close":
            return web.Response(body=body, content_type="application/json")
        response = web.StreamResponse(headers={"Content-Type": "application/json", "Content-Length": str(len(body))})
        await response.prepare(request)
        await response.write(body[: len(body) // 2])
        return _closed(request, response)

    async def _stream(self, request: web.Request, asked: ChatRequest, said: Answer, line: Line) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-cache"})
        response.enable_chunked_encoding()
        await response.prepare(request)
        events = said.pieces(bool(asked.stream_options and asked.stream_options.include_usage))
        for event in events[: len(events) // 2] if line.fault == "close" else events:
            await response.write(f"data: {json.dumps(event)}\n\n".encode())
        if line.fault == "close":
            return _closed(request, response)
        await response.write(b"data: [DONE]\n\n")
        await response.write_eof()
        return response

    async def _embeddings(self, request: web.Request) -> web.StreamResponse:
        try:
            asked = read_embedding(await self._body(request))
        except Refusal as refusal:
            return self._refuse(refusal)
        several = isinstance(asked.input, list) and not (asked.input and isinstance(asked.input[0], int))
        inputs: list[Any] = list(asked.input) if several else [asked.input]
        tokens = sum(count_tokens(one) if isinstance(one, str) else len(one) for one in inputs)
        data = [
            {"object": "embedding", "index": index, "embedding": _written(embedding(one, asked.dimensions), asked.encoding_format)}
            for index, one in enumerate(inputs)
        ]
        return web.json_response({"object": "list", "data": data, "model": asked.model, "usage": {"prompt_tokens": tokens, "total_tokens": tokens}})

    async def _models(self, request: web.Request) -> web.StreamResponse:
        try:
            self._authorize(request)
        except Refusal as refusal:
            return self._refuse(refusal)
        return web.json_response({"object": "list", "data": [_described(name) for name in self.models]})

    async def _model(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["name"]
        try:
            self._authorize(request)
            if name not in self.models:
                raise Refusal(404, f"The model '{name}' does not exist", code="model_not_found")
        except Refusal as refusal:
            return self._refuse(refusal)
        return web.json_response(_described(name))

    async def _elsewhere(self, request: web.Request) -> web.StreamResponse:
        return self._refuse(Refusal(404, f"Invalid URL ({request.method} {request.path})"))

    async def _body(self, request: web.Request) -> Json:
        self._authorize(request)
        try:
            read = json.loads(await request.read())
        except ValueError as error:
            raise Refusal(400, "We could not parse the JSON body of your request.") from error
        if not isinstance(read, dict):
            raise Refusal(400, "The JSON body of a request is an object.")
        return read

    def _authorize(self, request: web.Request) -> None:
        scheme, _, key = request.headers.get("Authorization", "").partition(" ")
        if scheme != "Bearer" or not key.strip():
            raise Refusal(401, "You didn't provide an API key.")
        if self.key is not None and key != self.key:
            raise Refusal(401, "Incorrect API key provided.", code="invalid_api_key")

    def _refuse(self, refusal: Refusal) -> web.Response:
        self.violations.append(f"{refusal.status}: {refusal.message}")
        return _refused(refusal)


def _refused(refusal: Refusal) -> web.Response:
    headers = {"Retry-After": f"{refusal.retry_after:g}"} if refusal.retry_after is not None else {}
    return web.json_response(refusal.body(), status=refusal.status, headers=headers)


def _closed(request: web.Request, response: web.StreamResponse) -> web.StreamResponse:
    """The connection ends here, in the middle of the body."""
    if request.transport is not None:
        request.transport.close()
    return response


def _written(vector: list[float], form: str | None) -> list[float] | str:
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode() if form == "base64" else vector


def _described(name: str) -> Json:
    return {"id": name, "object": "model", "created": 1_700_000_000, "owned_by": "tests"}


def _logged(asked: ChatRequest, line: Line, said: Answer | None, status: int, seconds: float) -> Call:
    tools = tuple(tool.function.name for tool in asked.tools or [])
    return Call(
        time.time(), asked.prompt, asked.last_user_text, asked.model, bool(asked.stream), tools, status, line.fault, said.text if said else "",
        said.prompt_tokens if said else 0, said.completion_tokens if said else 0, seconds,
    )  # fmt: skip
