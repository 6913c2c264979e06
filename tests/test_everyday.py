"""Twenty everyday messages: each gets a sensible answer with no model, and none of them costs a model call where one is configured."""

from __future__ import annotations

import asyncio
import importlib.util
from pathlib import Path

import pytest

from tests.crash.majordomo import majordomo, telegram
from tests.servers.openai_api import ModelServer

MESSAGES = Path(__file__).resolve().parents[2] / "shared" / "bench" / "messages.py"
SENSIBLE = [
    r"Hello|assistant", r"call mum", r"Dr Johnson|free|suit|service", r"09:00", r"can't do that yet", r"can't do that yet", r"cancel|no upcoming|appointment", r"welcome",
    r"Thursday|appointment|free", r"call mum|reminder|appointment", r"consultation|free|minutes", r"insurance", r"not give advice|health", r"can't do that yet", r"asked me",
    r"can't do that yet", r"can't do that yet", r"can't do that yet", r"person|reach|human|call", r"Goodbye|bye",
]  # fmt: skip


def everyday() -> list[str]:
    if not MESSAGES.exists():
        pytest.skip("the shared everyday messages are not on this machine")
    specification = importlib.util.spec_from_file_location("everyday_messages", MESSAGES)
    assert specification is not None and specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return list(module.EVERYDAY)


@pytest.mark.timeout(150)
@pytest.mark.parametrize("with_model", [False, True])
async def test_every_message_gets_a_sensible_answer(with_model: bool) -> None:
    messages = everyday()
    assert len(messages) == len(SENSIBLE)
    async with telegram() as api, ModelServer() as model:
        configured = {"MAJORDOMO_MODEL": "openai:any", "OPENAI_BASE_URL": model.base_url, "OPENAI_API_KEY": "test"} if with_model else {}
        async with majordomo(api, **configured) as bot:  # type: ignore[arg-type]
            await bot.start()
            for text, wanted in zip(messages, SENSIBLE, strict=True):
                before = len(api.texts(700))
                api.say(700, text)
                await api.shown(700, wanted, after=before, timeout=60)
                await asyncio.sleep(0.4)
            assert api.violations == []
        if with_model:
            assert len(model.calls) == 0
