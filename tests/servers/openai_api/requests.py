"""Strict reading of requests: what the interface describes passes, everything else is refused with the place named."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from tests.servers.openai_api.json_schemas import schema_fault
from tests.servers.openai_api.refusals import Json, Refusal


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class TextPart(Strict):
    type: Literal["text"]
    text: str


class ImageAddress(Strict):
    url: str
    detail: Literal["auto", "low", "high"] = "auto"


class ImagePart(Strict):
    type: Literal["image_url"]
    image_url: ImageAddress


Content = str | list[Annotated[TextPart | ImagePart, Field(discriminator="type")]]
Texts = str | list[TextPart]


class FunctionCall(Strict):
    name: str = Field(pattern=r"^[a-zA-Z0-9_-]{1,64}$")
    arguments: str


class ToolCall(Strict):
    id: str = Field(min_length=1)
    type: Literal["function"]
    function: FunctionCall


class SystemMessage(Strict):
    role: Literal["system", "developer"]
    content: Texts
    name: str | None = None


class UserMessage(Strict):
    role: Literal["user"]
    content: Content
    name: str | None = None


class AssistantMessage(Strict):
    role: Literal["assistant"]
    content: Texts | None = None
    name: str | None = None
    refusal: str | None = None
    tool_calls: list[ToolCall] | None = Field(default=None, min_length=1)

    @model_validator(mode="after")
    def _says_something(self) -> AssistantMessage:
        if self.content is None and not self.tool_calls:
            raise ValueError("content or tool_calls is required")
        return self


class ToolMessage(Strict):
    role: Literal["tool"]
    content: Texts
    tool_call_id: str


ChatMessage = Annotated[SystemMessage | UserMessage | AssistantMessage | ToolMessage, Field(discriminator="role")]


class FunctionDescription(Strict):
    name: str = Field(pattern=r"^[a-zA-Z0-9_-]{1,64}$")
    description: str | None = None
    parameters: dict[str, Any] | None = None
    strict: bool | None = None


class Tool(Strict):
    type: Literal["function"]
    function: FunctionDescription


class NamedFunction(Strict):
    name: str


class ToolChoice(Strict):
    type: Literal["function"]
    function: NamedFunction


class SchemaDescription(Strict):
    name: str = Field(pattern=r"^[a-zA-Z0-9_-]{1,64}$")
    description: str | None = None
    json_schema: dict[str, Any] | None = Field(default=None, alias="schema")
    strict: bool | None = None


class ResponseFormat(Strict):
    type: Literal["text", "json_object", "json_schema"]
    json_schema: SchemaDescription | None = None

    @model_validator(mode="after")
    def _schema_given(self) -> ResponseFormat:
        if (self.type == "json_schema") != (self.json_schema is not None):
            raise ValueError("json_schema goes with type json_schema")
        return self


class StreamOptions(Strict):
    include_usage: bool = False
    include_obfuscation: bool = False


class ChatRequest(Strict):
    """POST /chat/completions."""

    model: str = Field(min_length=1)
    messages: list[ChatMessage] = Field(min_length=1)
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    temperature: Annotated[float, Field(ge=0, le=2, strict=False)] | None = None
    top_p: Annotated[float, Field(ge=0, le=1, strict=False)] | None = None
    n: Literal[1] | None = None
    max_tokens: Annotated[int, Field(ge=1)] | None = None
    max_completion_tokens: Annotated[int, Field(ge=1)] | None = None
    presence_penalty: Annotated[float, Field(ge=-2, le=2, strict=False)] | None = None
    frequency_penalty: Annotated[float, Field(ge=-2, le=2, strict=False)] | None = None
    stop: str | list[str] | None = None
    seed: int | None = None
    user: str | None = None
    logprobs: bool | None = None
    top_logprobs: Annotated[int, Field(ge=0, le=20)] | None = None
    tools: list[Tool] | None = Field(default=None, min_length=1)
    tool_choice: Literal["none", "auto", "required"] | ToolChoice | None = None
    parallel_tool_calls: bool | None = None
    response_format: ResponseFormat | None = None
    reasoning_effort: Literal["none", "minimal", "low", "medium", "high", "xhigh"] | None = None
    service_tier: str | None = None
    store: bool | None = None
    metadata: dict[str, str] | None = None

    @property
    def limit(self) -> int | None:
        """Most tokens that the answer may have."""
        return self.max_completion_tokens or self.max_tokens

    @property
    def prompt(self) -> str:
        """All text of the messages, one line a message: `role: text`."""
        return "\n".join(f"{message.role}: {text_of(message.content)}" for message in self.messages)

    @property
    def last_user_text(self) -> str:
        """What the person said last."""
        return next((text_of(message.content) for message in reversed(self.messages) if message.role == "user"), "")


class EmbeddingRequest(Strict):
    """POST /embeddings."""

    model: str = Field(min_length=1)
    input: str | list[str] | list[int] | list[list[int]]
    dimensions: Annotated[int, Field(ge=1, le=4096)] | None = None
    encoding_format: Literal["float", "base64"] | None = None
    user: str | None = None


T = TypeVar("T")
CHAT, EMBEDDING = TypeAdapter(ChatRequest), TypeAdapter(EmbeddingRequest)


def text_of(content: Any) -> str:
    """The text in a message's content."""
    if content is None or isinstance(content, str):
        return content or ""
    return "\n".join(part.text for part in content if isinstance(part, TextPart))


def read_chat(body: Json) -> ChatRequest:
    """Raises a 400 that names the first wrong place, also where the conversation itself is impossible."""
    request = _read(CHAT, body)
    _check_tools(request)
    _check_turns(request)
    if request.stream_options and not request.stream:
        raise Refusal(400, "The 'stream_options' parameter is only allowed when 'stream' is enabled.", param="stream_options")
    if request.response_format and request.response_format.type == "json_object" and "json" not in request.prompt.lower():
        raise Refusal(400, "'messages' must contain the word 'json' in some form, to use 'response_format' of type 'json_object'.", param="messages")
    return request


def read_embedding(body: Json) -> EmbeddingRequest:
    """Raises a 400 that names the first wrong place."""
    request = _read(EMBEDDING, body)
    if not request.input or (isinstance(request.input, list) and any(one == "" for one in request.input)):
        raise Refusal(400, "'$.input' is invalid: it must not be empty", param="input")
    return request


def _read(adapter: TypeAdapter[T], body: Json) -> T:
    try:
        return adapter.validate_python(body)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        code = {"missing": "missing_required_parameter", "extra_forbidden": "unknown_parameter"}.get(first["type"], "invalid_value")
        raise Refusal(400, f"Invalid value for '{place}': {first['msg']}", param=place, code=code) from error


def _check_tools(request: ChatRequest) -> None:
    for index, tool in enumerate(request.tools or []):
        _check_schema(tool.function.parameters or {}, f"tools[{index}].function.parameters", bool(tool.function.strict))
    if request.tool_choice and not request.tools:
        raise Refusal(400, "'tool_choice' is only allowed when 'tools' are specified.", param="tool_choice")
    if isinstance(request.tool_choice, ToolChoice) and request.tool_choice.function.name not in {one.function.name for one in request.tools or []}:
        raise Refusal(400, f"Tool choice '{request.tool_choice.function.name}' not found in 'tools'.", param="tool_choice")
    described = request.response_format.json_schema if request.response_format else None
    if described:
        _check_schema(described.json_schema or {}, "response_format", bool(described.strict))


def _check_schema(schema: Json, param: str, strict: bool) -> None:
    if fault := schema_fault(schema):
        raise Refusal(400, f"Invalid schema for {param}: {fault}", param=param, code="invalid_function_parameters")
    if strict:
        _check_strict(schema, param)


def _check_strict(schema: Any, param: str) -> None:
    """Strict schemas close every object and require every property, as the interface demands."""
    if isinstance(schema, list):
        for one in schema:
            _check_strict(one, param)
    if not isinstance(schema, dict):
        return
    if schema.get("type") == "object":
        if schema.get("additionalProperties") is not False:
            raise Refusal(400, f"Invalid schema for {param}: 'additionalProperties' is required to be supplied and to be false.", param=param)
        if set(schema.get("required", [])) != set(schema.get("properties", {})):
            raise Refusal(400, f"Invalid schema for {param}: 'required' is required to be an array including every key in properties.", param=param)
    for one in schema.values():
        _check_strict(one, param)


def _check_turns(request: ChatRequest) -> None:
    """Every tool call is answered before anybody else speaks, and no answer comes without a call."""
    waiting: set[str] = set()
    for index, message in enumerate(request.messages):
        if isinstance(message, ToolMessage):
            if message.tool_call_id not in waiting:
                text = "messages with role 'tool' must be a response to a preceding message with 'tool_calls'."
                raise Refusal(400, f"Invalid parameter: {text}", param=f"messages.[{index}].role")
            waiting.discard(message.tool_call_id)
            continue
        if waiting:
            text = "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'."
            raise Refusal(400, f"{text} Missing: {', '.join(sorted(waiting))}", param=f"messages.[{index}].role")
        if isinstance(message, AssistantMessage):
            waiting = {call.id for call in message.tool_calls or []}
    if waiting:
        raise Refusal(400, f"No answer to tool calls {', '.join(sorted(waiting))}", param="messages")
