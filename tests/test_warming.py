"""The end of the start: however it ends, garbage is collected from then on."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Iterator
from typing import Any, cast

import pytest

from bot import warming
from bot.process import begin_without_collecting


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    yield
    gc.enable()
    gc.unfreeze()


@pytest.mark.parametrize("stopped", [True, False])
async def test_garbage_is_collected_although_the_warming_was_stopped_or_failed(monkeypatch: pytest.MonkeyPatch, *, stopped: bool) -> None:
    monkeypatch.setattr(warming, "DELAY", 60.0 if stopped else 0.0)
    begin_without_collecting()
    assert not gc.isenabled()
    warm = asyncio.create_task(warming.warm(cast(Any, None)))
    await asyncio.sleep(0)
    if stopped:
        warm.cancel()
    (ended,) = await asyncio.gather(warm, return_exceptions=True)
    assert isinstance(ended, asyncio.CancelledError if stopped else AttributeError)
    assert gc.isenabled() and gc.get_freeze_count() > 0
