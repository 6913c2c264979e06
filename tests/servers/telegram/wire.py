"""From an HTTP request to parameters: query, JSON, form and multipart alike."""

from __future__ import annotations

import json
from typing import Any

from aiohttp import web

from tests.servers.telegram.refusals import Json, Parameters, wrong
from tests.servers.telegram.schema import Upload

ATTACHED = "attach://"


async def parameters_of(request: web.Request) -> Parameters:
    """All parameters of a request, files as Upload. Raises a 400 for JSON that is none."""
    found: Parameters = dict(request.query)
    kind = request.content_type
    if kind == "application/json" and request.can_read_body:
        found |= _json(await request.read())
    elif request.can_read_body:
        for name, value in (await request.post()).items():
            if isinstance(value, web.FileField):
                found[name] = Upload(value.filename, value.file.read(), value.content_type)
            elif isinstance(value, bytes | bytearray):
                found[name] = Upload(name, bytes(value), "application/octet-stream")
            else:
                found[name] = value
    return _attached(found) if any(isinstance(value, Upload) for value in found.values()) else found


def _json(body: bytes) -> Json:
    if not body.strip():
        return {}
    try:
        read = json.loads(body)
    except ValueError as error:
        raise wrong("can't parse JSON object") from error
    if not isinstance(read, dict):
        raise wrong("can't parse JSON object: an object is expected")
    return read


def _attached(found: Parameters) -> Parameters:
    """`attach://name` replaced by the file of that name; one named inside JSON text is put aside under its own address."""
    result, used = dict(found), set()
    for name, value in found.items():
        if not isinstance(value, str):
            continue
        if value.startswith(ATTACHED) and isinstance(found.get(key := value.removeprefix(ATTACHED)), Upload):
            result[name] = found[key]
            used.add(key)
    for name, value in found.items():
        if isinstance(value, Upload) and any(isinstance(other, str) and f"{ATTACHED}{name}" in other for other in found.values()):
            used.add(name)
    return {name: value for name, value in result.items() if name not in used or not isinstance(found[name], Upload)}


def attachments_of(found: Any) -> dict[str, Upload]:
    """The files of a request by the name of their part."""
    return {name: value for name, value in found.items() if isinstance(value, Upload)}
