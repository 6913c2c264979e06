"""What a call gave, as it is handed on: plain JSON within limits, without pictures' bytes, without secrets."""

from __future__ import annotations

import json
from typing import Any

from agents.tools.mcp.messages import Complaint, Message
from agents.tools.way_out import Concealer
from orchestrator.contracts import Json

TEXT_LIMIT = 50_000
"""Characters of all texts of one result."""
CUT = "\n[… cut here: the rest is longer than the limit]"
PARTS = 200
UNSEEN = {number: None for number in (*range(9), 11, 12, *range(14, 32), 127)}


def shown(result: Message, concealer: Concealer) -> dict[str, Json]:
    """`failed` is the server's own word. Structured data that is too large is left out, since its text says the same."""
    content = result.get("content")
    parts = [part for part in content if isinstance(part, dict)] if isinstance(content, list) else []
    text = "\n\n".join(filter(None, map(_text, parts[:PARTS])))
    value: dict[str, Json] = {"failed": result.get("isError") is True, "text": concealer(plain(text[:TEXT_LIMIT]), cut=len(text) > TEXT_LIMIT)}
    truncated = len(text) > TEXT_LIMIT or len(parts) > PARTS
    if truncated:
        value["text"] = f"{value['text']}{CUT}"
    if others := [other for part in parts[:PARTS] if (other := _other(part))]:
        value["others"] = [{name: concealer(plain(said)) if isinstance(said, str) else said for name, said in other.items()} for other in others]
    structured = result.get("structuredContent")
    if isinstance(structured, dict):
        if len(json.dumps(structured)) <= TEXT_LIMIT:
            value["data"] = _concealed(structured, concealer)
        else:
            truncated = True
    value["truncated"] = truncated
    return value


def complaint(error: Complaint, concealer: Concealer) -> dict[str, Json]:
    """An error of the protocol: the server's own words are a result like any other."""
    return {"failed": True, "text": concealer(plain(error.said[:2_000])), "error_code": error.code, "truncated": len(error.said) > 2_000}


def plain(text: str) -> str:
    """Without control characters and what no text file can hold."""
    return text.translate(UNSEEN).encode("utf-8", "replace").decode()


def _text(part: Message) -> str:
    if part.get("type") == "text":
        return _said(part.get("text"), TEXT_LIMIT + 1)
    inner = part.get("resource")
    return _said(inner.get("text"), TEXT_LIMIT + 1) if part.get("type") == "resource" and isinstance(inner, dict) else ""


def _other(part: Message) -> dict[str, Json]:
    """What is no text, by its kind and size; its bytes go no further."""
    kind = part.get("type")
    if kind in {"image", "audio"}:
        return {"kind": kind, "mime": _said(part.get("mimeType"), 100), "bytes": len(_said(part.get("data"), 10**8)) * 3 // 4}
    if kind == "resource_link":
        return {"kind": "link", "uri": _said(part.get("uri"), 2_000), "name": _said(part.get("name"), 200)}
    inner = part.get("resource")
    if kind == "resource" and isinstance(inner, dict):
        return {"kind": "resource", "uri": _said(inner.get("uri"), 2_000), "mime": _said(inner.get("mimeType"), 100)}
    return {}


def _said(value: Any, limit: int) -> str:
    return value[:limit] if isinstance(value, str) else ""


def _concealed(value: Any, concealer: Concealer) -> Json:
    if isinstance(value, str):
        return concealer(plain(value))
    if isinstance(value, dict):
        return {concealer(plain(str(name))): _concealed(inner, concealer) for name, inner in value.items()}
    return [_concealed(inner, concealer) for inner in value] if isinstance(value, list) else value
