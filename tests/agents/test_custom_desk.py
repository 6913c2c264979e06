"""Tasks that the operator wrote into majordomo.yaml: named, checked with file and line, and started from the front desk."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.app import House, build
from bot.settings import ConfigurationError, read
from orchestrator.business import BusinessFile, ConfigFault
from orchestrator.contracts import TaskState
from orchestrator.triage import configured
from storage.models import TaskRow, new_id
from tests.actions.test_custom import NewsServer, news, post  # noqa: F401 - fixtures
from tests.agents.talk import Talk, someone
from tests.conftest import MovedClock
from tests.servers import smtp
from tests.servers.openai_api import ModelServer

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "news-digest" / "majordomo.yaml"
SITE = "https://hacker-news.firebaseio.com"


def house_of(folder: Path, clock: MovedClock, config: str, **environment: str) -> House:
    path = folder / f"{new_id()}.yaml"
    path.write_text(config, encoding="utf-8")
    settings = read({"DATABASE_URL": f"sqlite+aiosqlite:///{folder}/{new_id()}.db", "MAJORDOMO_CONFIG": str(path), **environment})
    return build(settings, clock=clock, business=BusinessFile(path))


DUE = sa.select(TaskRow.id, TaskRow.segment).where(TaskRow.state == TaskState.PENDING.value, TaskRow.type.startswith("custom"))


async def work(house: House) -> None:
    """Run the segment that is due, as the engine would."""
    due = house.database.read_now(lambda connection: connection.execute(DUE).one())
    await house.run_segment(due.id, due.segment)


async def test_run_news_digest(folder: Path, clock: MovedClock, news: NewsServer, post: smtp.MailServer) -> None:  # noqa: F811
    async with ModelServer() as model:
        model.script("Summarize these stories", reply="Five stories, nothing to worry about.")
        model.models = ("gpt-5-mini",)
        config = EXAMPLE.read_text(encoding="utf-8").replace(SITE, news.url) + f'\npolicy:\n  private_hosts: ["127.0.0.1:{news.port}"]\n'
        given = {
            "SMTP_URL": post.url,
            "MAJORDOMO_MAIL_HOLD": "0",
            "MAJORDOMO_MODEL": "openai:gpt-5-mini",
            "OPENAI_BASE_URL": model.base_url,
            "OPENAI_API_KEY": "sk-key",
        }
        house = house_of(folder, clock, config, **given)
        await house.engine.prepare()
        owner = someone(house)
        try:
            await story(house, owner, news, post)
            assert len(post.letters) == 1 and model.calls
        finally:
            await house.reach.close()
            await house.database.close()


async def story(house: House, owner: Talk, news: NewsServer, post: smtp.MailServer) -> None:  # noqa: F811
    owner.say("run news digest")
    await work(house)
    plan = owner.heard()
    assert "Plan for #" in plan and "Fetch details for the top 5 stories" in plan and "✋" in plan and news.asked == []
    owner.press("Start")
    await work(house)
    assert news.asked[0] == "/v0/topstories.json" and len(news.asked) == 6
    assert "Five stories, nothing to worry about." in owner.heard() and post.letters == []
    owner.press("Approve")
    await work(house)
    [letter] = post.letters
    assert letter.recipients == ("me@example.com",) and letter.text == "Five stories, nothing to worry about."
    assert "Done: Daily news summary. 4 steps" in owner.heard()


@pytest.mark.parametrize(
    "text", ["run news digest", "Please run my news digest now", "the top stories please", "Nachrichtenüberblick", "运行 news digest", "新闻摘要"]
)
def test_it_is_reached_by_name_and_by_keyword(folder: Path, clock: MovedClock, text: str) -> None:
    house = house_of(folder, clock, EXAMPLE.read_text(encoding="utf-8"))
    route = house.router.cascade().decide(text, "en")
    asyncio.run(house.database.close())
    assert (route.task_type, route.agent, route.accepted) == ("custom_news_digest", "custom", True)


def test_the_desk_knows_permissions_and_mail(folder: Path, clock: MovedClock) -> None:
    house = house_of(folder, clock, EXAMPLE.read_text(encoding="utf-8"))
    owner = someone(house)
    for text in ("/permissions", "show my permissions", "take back permission 2", "/permissions off 2"):
        assert "I ask every time" in owner.say(text), text
    assert "No mail has been sent" in owner.say("/mail")
    asyncio.run(house.database.close())


GOOD = 'custom:\n  digest:\n    keywords: [digest]\n    steps:\n      - {id: a, tool: think, arguments: {prompt: "x"}}\n'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("custom:\n  digest:\n    steps: []\n", ":3: custom.digest.steps"),
        ("custom:\n  digest:\n    words: [x]\n    steps: []\n", ":3: custom.digest.words"),
        (
            "custom:\n  digest:\n    steps:\n      - id: a\n        tool: think\n      - id: a\n        tool: think\n",
            ":2: custom.digest: the step name a is taken",
        ),
        (
            "custom:\n  digest:\n    steps:\n      - id: a\n        tool: http.get\n        each: top\n",
            ":6: custom.digest.steps.0.each: each must be one reference",
        ),
        ("custom:\n  digest:\n    steps:\n      - id: a\n        tool: think\n        approved: true\n", ":6: custom.digest.steps.0.approved"),
        ("custom:\n  digest:\n    keywords: ['(']\n    steps:\n      - {id: a, tool: think}\n", ":3: custom.digest: intents.custom_digest.keywords"),
        ("custom:\n  7:\n    steps: []\n", ":2: 7 is no name"),
        ("custom:\n  digest: run\n", ":2: custom.digest has no steps"),
        ("custom: [digest]\n", ":1: custom holds no tasks"),
        (GOOD + "  digest!:\n    steps:\n      - {id: a, tool: think}\n", ":6: custom.digest!: another task has nearly the same name"),
    ],
)
def test_mistakes_are_told_with_file_and_line_and_stop_the_start(tmp_path: Path, clock: MovedClock, text: str, said: str) -> None:
    with pytest.raises(ConfigFault, match=r"majordomo\.yaml") as caught:
        configured.parse(text)
    assert f"majordomo.yaml{said}" in str(caught.value)
    with pytest.raises((ConfigFault, ConfigurationError)):
        house_of(tmp_path, clock, text)


def test_a_name_in_any_script_is_a_name() -> None:
    [task] = configured.parse(GOOD.replace("digest:", "新闻摘要:"))
    assert task.task_type.startswith("custom_") and task.task_type.removeprefix("custom_").isalnum()
    assert configured.parse("business: {}\n") == ()
