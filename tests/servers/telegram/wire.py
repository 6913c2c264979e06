"""From an HTTP request to parameters: query, JSON, form and multipart alike."""

from __future__ import annotations

import json

from aiohttp import web

from tests.servers.telegram.refusals import Json, Parameters, wrong
from tests.servers.telegram.schema import Upload

ATTACHED = "attach://"


async def parameters_of(request: web.Request) -> tuple[Parameters, dict[str, Upload]]:
    """All parameters of a request, and its files by the name of their part. Raises a 400 for JSON that is none."""
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
    uploads = {name: value for name, value in found.items() if isinstance(value, Upload)}
    return (_attached(found, uploads) if uploads else found), uploads


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


def _attached(found: Parameters, uploads: dict[str, Upload]) -> Parameters:
    """`attach://name` replaced by the file of that name; parts that others refer to are no parameters of their own."""
    texts = [value for value in found.values() if isinstance(value, str)]
    referred = {name for name in uploads if any(f"{ATTACHED}{name}" in text for text in texts)}
    return {
        name: uploads.get(value.removeprefix(ATTACHED), value) if isinstance(value, str) and value.startswith(ATTACHED) else value
        for name, value in found.items()
        if name not in referred
    }
