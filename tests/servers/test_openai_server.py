"""The stand-in for a model, driven by LangChain's own client."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import openai
import pytest
from pydantic import BaseModel, SecretStr

from tests.servers.openai_api import KEY, MODEL, ModelServer, ToolUse

langchain_openai = pytest.importorskip("langchain_openai", reason="langchain-openai is not installed (extra: models)")


class Booking(BaseModel):
    """What the person wants to book."""

    service: str
    hour: int


@pytest.fixture
async def server() -> AsyncIterator[ModelServer]:
    async with ModelServer(default="Nothing planned.") as running:
        yield running


def chat(server: ModelServer, **options: Any) -> Any:
    settings = {"timeout": 5, "max_retries": 0, "temperature": 0} | options
    return langchain_openai.ChatOpenAI(model=MODEL, base_url=server.base_url, api_key=SecretStr(KEY), **settings)


async def test_plain_answers_with_tokens(server: ModelServer) -> None:
    server.script("weather", reply="It is sunny today.")
    model = chat(server)
    said = await model.ainvoke([("system", "Be brief."), ("human", "How is the Weather?")])
    assert (said.content, said.response_metadata["finish_reason"]) == ("It is sunny today.", "stop")
    assert said.usage_metadata["output_tokens"] == 5 and said.usage_metadata["input_tokens"] > 5
    assert (await model.ainvoke("else")).content == "Nothing planned."
    first = server.calls[0]
    assert (first.prompt, first.last_user_text, first.status) == ("system: Be brief.\nuser: How is the Weather?", "How is the Weather?", 200)
    assert (first.prompt_tokens, first.completion_tokens) == (said.usage_metadata["input_tokens"], 5)
    assert server.violations == []


async def test_streamed_answers(server: ModelServer) -> None:
    server.script(reply="one two three four")
    pieces = [piece async for piece in chat(server, stream_usage=True).astream("count")]
    assert "".join(str(piece.content) for piece in pieces) == "one two three four"
    assert sum(bool(piece.content) for piece in pieces) == 4
    assert sum(piece.usage_metadata["output_tokens"] for piece in pieces if piece.usage_metadata) == 4
    assert server.calls[0].stream and server.violations == []


@pytest.mark.parametrize("method", ["function_calling", "json_schema"])
async def test_structured_answers(server: ModelServer, method: str) -> None:
    if method == "function_calling":
        server.script("haircut", tool=ToolUse("Booking", {"service": "haircut", "hour": 15}))
    else:
        server.script("haircut", reply={"service": "haircut", "hour": 15})
    structured = chat(server).with_structured_output(Booking, method=method)
    assert await structured.ainvoke("a haircut at 3") == Booking(service="haircut", hour=15)
    assert server.violations == []


async def test_a_turn_with_tools(server: ModelServer) -> None:
    server.script("result: 7", whole=True, reply="It is seven.")
    server.script("add", tool=[ToolUse("add", {"a": 3, "b": 4})])

    def add(a: int, b: int) -> int:
        """The sum of two numbers."""
        return a + b

    model = chat(server).bind_tools([add])
    streamed = [piece async for piece in model.astream("add 3 and 4")]
    whole = streamed[0]
    for piece in streamed[1:]:
        whole = whole + piece
    assert whole.tool_calls[0]["args"] == {"a": 3, "b": 4}
    asked = await model.ainvoke("add 3 and 4")
    [call] = asked.tool_calls
    assert (call["name"], call["args"], asked.response_metadata["finish_reason"]) == ("add", {"a": 3, "b": 4}, "tool_calls")
    last = await model.ainvoke([("human", "add 3 and 4"), asked, {"role": "tool", "tool_call_id": call["id"], "content": "result: 7"}])
    assert last.content == "It is seven."
    assert server.calls[0].tools == ("add",) and server.violations == []


async def test_embeddings_and_models(server: ModelServer) -> None:
    vectors = langchain_openai.OpenAIEmbeddings(
        model="test-embedding", base_url=server.base_url, api_key=SecretStr(KEY), check_embedding_ctx_length=False, dimensions=32
    )
    near, same, far = await vectors.aembed_documents(["opening hours", "opening hours", "quantum chromodynamics"])
    assert near == same != far and len(near) == 32
    async with openai.AsyncOpenAI(base_url=server.base_url, api_key=KEY) as client:
        assert [model.id for model in (await client.models.list()).data] == [MODEL]
        with pytest.raises(openai.NotFoundError):
            await client.chat.completions.create(model="another", messages=[{"role": "user", "content": "x"}])


async def test_busy_and_broken(server: ModelServer) -> None:
    server.script("busy", fault="rate_limit", retry_after=7)
    server.script("broken", fault="server_error", status=503)
    with pytest.raises(openai.RateLimitError) as busy:
        await chat(server).ainvoke("busy")
    assert busy.value.response.headers["Retry-After"] == "7"
    with pytest.raises(openai.InternalServerError):
        await chat(server).ainvoke("broken")
    assert [call.status for call in server.calls] == [429, 503]


async def test_a_retry_finds_it_well_again(server: ModelServer) -> None:
    line = server.script(fault="rate_limit", retry_after=0.01, times=1)
    server.script(reply="well again")
    assert (await chat(server, max_retries=2).ainvoke("x")).content == "well again"
    assert line.hits == 1 and len(server.calls) == 2


async def test_too_slow(server: ModelServer) -> None:
    server.script(fault="timeout", seconds=3)
    started = time.monotonic()
    with pytest.raises(openai.APITimeoutError):
        await chat(server, timeout=0.2).ainvoke("x")
    assert time.monotonic() - started < 2


@pytest.mark.parametrize("fault", ["garbage", "wrong_json"])
async def test_nonsense(server: ModelServer, fault: Any) -> None:
    server.script(fault=fault)
    with pytest.raises(Exception, match=r".+"):
        await chat(server).ainvoke("x")
    assert server.calls[0].fault == fault


@pytest.mark.parametrize("streaming", [False, True])
async def test_the_connection_ends_in_the_middle(server: ModelServer, streaming: bool) -> None:
    server.script(fault="close", reply="a long answer of many words")
    with pytest.raises(Exception, match=r".+"):
        if streaming:
            _ = [piece async for piece in chat(server).astream("x")]
        else:
            await chat(server).ainvoke("x")
    assert server.calls[0].status == 0


async def test_cut_off_and_empty(server: ModelServer) -> None:
    server.script("long", fault="cut_off", reply="one two three four")
    server.script("nothing", fault="empty")
    server.script("limit", reply="one two three four")
    cut = await chat(server).ainvoke("long")
    assert (cut.content.strip(), cut.response_metadata["finish_reason"]) == ("one two", "length")
    limited = await chat(server, max_tokens=3).ainvoke("limit")
    assert (limited.content.strip(), limited.usage_metadata["output_tokens"]) == ("one two three", 3)
    assert (await chat(server).ainvoke("nothing")).content == ""


HI = [{"role": "user", "content": "hi"}]


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"messages": HI}, "model"),
        ({"model": MODEL}, "messages"),
        ({"model": MODEL, "messages": []}, "messages"),
        ({"model": MODEL, "messages": [{"role": "robot", "content": "hi"}]}, "messages.0"),
        ({"model": MODEL, "messages": [{"role": "user"}]}, "messages.0.user.content"),
        ({"model": MODEL, "messages": [{"role": "user", "content": None}]}, "messages.0.user.content.str"),
        ({"model": MODEL, "messages": [{"role": "assistant"}]}, "messages.0.assistant"),
        ({"model": MODEL, "messages": [*HI, {"role": "tool", "tool_call_id": "c", "content": "7"}]}, "messages.[1].role"),
        ({"model": MODEL, "messages": HI, "temperature": 3}, "temperature"),
        ({"model": MODEL, "messages": HI, "max_tokens": "5"}, "max_tokens"),
        ({"model": MODEL, "messages": HI, "colour": "red"}, "colour"),
        ({"model": MODEL, "messages": HI, "tool_choice": "auto"}, "tool_choice"),
        ({"model": MODEL, "messages": HI, "tools": [{"type": "function", "function": {"name": "a b"}}]}, "tools.0.function.name"),
        ({"model": MODEL, "messages": HI, "stream_options": {"include_usage": True}}, "stream_options"),
        ({"model": MODEL, "messages": HI, "response_format": {"type": "json_schema"}}, "response_format"),
        ({"model": MODEL, "messages": HI, "response_format": {"type": "json_object"}}, "messages"),
    ],
)
async def test_wrong_requests_are_refused_in_openais_shape(server: ModelServer, body: dict[str, Any], param: str) -> None:
    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {KEY}"}) as http:
        async with http.post(f"{server.base_url}/chat/completions", json=body) as answer:
            error = (await answer.json())["error"]
        assert (answer.status, error["type"], error["param"]) == (400, "invalid_request_error", param)
    assert len(server.violations) == 1 and server.calls == []


async def test_a_key_is_asked_for(server: ModelServer) -> None:
    async with aiohttp.ClientSession() as http, http.post(f"{server.base_url}/chat/completions", json={"model": MODEL, "messages": HI}) as answer:
        assert (answer.status, "API key" in (await answer.json())["error"]["message"]) == (401, True)


async def test_a_script_that_breaks_the_schema_is_a_mistake_of_the_test(server: ModelServer) -> None:
    server.script(reply={"service": "haircut"})
    with pytest.raises(openai.BadRequestError, match="does not fit"):
        await chat(server).with_structured_output(Booking, method="json_schema").ainvoke("x")
    assert len(server.violations) == 1


async def test_many_at_once(server: ModelServer) -> None:
    server.script(reply=lambda request: f"re {request.last_user_text}")
    model = chat(server)
    said = await asyncio.gather(*(model.ainvoke(f"n{number}") for number in range(50)))
    assert [one.content for one in said] == [f"re n{number}" for number in range(50)]
