"""Given a platform in trouble, when a running bot answers, then nothing is lost and a copy says that it is one."""

from __future__ import annotations

from tests.crash.majordomo import Ledger, majordomo, telegram

CHATS = range(3001, 3005)
ROUNDS = 3


async def test_whatever_the_platform_does_each_message_is_answered() -> None:
    async with telegram() as api, majordomo(api) as bot:
        await bot.start()
        ledger = Ledger(api)
        sure = [
            api.faults.add("sendMessage", "flood", times=2, chat=3001),
            api.faults.add("sendMessage", "slow", times=2, chat=3002, seconds=0.5),
            api.faults.add("getUpdates", "bad_gateway"),
            api.faults.add("getUpdates", "close_before"),
            api.faults.add("getUpdates", "close_after"),
            api.faults.add("getUpdates", "flood"),
        ]
        for _ in sure:
            await _ask_and_wait(ledger, then_wait=0.05)
        assert [fault.kind for fault in sure if fault.times] == []
        assert (ledger.copies(), ledger.marked()) == (0, 0), "what surely did not arrive is repeated without a mark"

        unsure = [api.faults.add("sendMessage", "bad_gateway", chat=3001), api.faults.add("sendMessage", "close_before", chat=3002)]
        await _ask_and_wait(ledger)
        assert [fault.times for fault in unsure] == [0, 0]
        assert (ledger.copies(), ledger.marked()) == (0, 2), "it may have arrived, though it did not: marked, but seen once"

        arrived = api.faults.add("sendMessage", "close_after", chat=3003)
        await _ask_and_wait(ledger)
        assert arrived.times == 0
        assert (ledger.copies(), ledger.marked()) == (1, 3), "exactly one copy, and it says so"

        assert ledger.unmarked_doubles() == []
        assert ledger.misplaced() == []
        assert ledger.unsolicited == []
        assert api.violations == []


async def test_what_is_refused_for_its_markup_arrives_plain() -> None:
    async with telegram() as api, majordomo(api) as bot:
        await bot.start()
        refusal = api.faults.add("sendMessage", "refuse_markup")
        api.say(3001, "/help")
        await api.shown(3001, "Appointments")
        assert refusal.times == 0
        assert len(api.sent) == 1
        assert "*" not in api.sent[0].text


async def test_a_chat_that_blocks_the_bot_holds_nobody_up() -> None:
    async with telegram() as api, majordomo(api) as bot:
        await bot.start()
        ledger = Ledger(api)
        api.faults.add("sendMessage", "forbidden", times=None, chat=3001)
        blocked = [api.say(3001, "/qaaaaz") for _ in range(3)]
        for _ in range(ROUNDS):
            ledger.ask(3002)
        await ledger.until_answered(20)
        assert len(blocked) == 3
        assert ledger.misplaced() == []
        assert ledger.unsolicited == []
        assert bot.running


async def test_under_flood_control_nothing_is_lost_and_the_limit_is_hardly_touched() -> None:
    async with telegram(limits=True) as api, majordomo(api, limits=True) as bot:
        await bot.start()
        ledger = Ledger(api)
        for _ in range(10):
            for chat in CHATS:
                ledger.ask(chat)
        await ledger.until_answered(60)
        print(f"\n{ledger.count} messages, {api.floods} refusals by flood control")
        assert api.floods <= ledger.count // 4  # without our limits it is half of them; a busy machine bunches what left evenly
        assert ledger.copies() == 0
        assert ledger.misplaced() == []
        assert ledger.unsolicited == []
        assert api.violations == []


async def _ask_and_wait(ledger: Ledger, *, then_wait: float = 0.5) -> None:
    for _ in range(ROUNDS):
        for chat in CHATS:
            ledger.ask(chat)
    await ledger.until_answered(30, then_wait=then_wait)
