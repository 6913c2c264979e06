"""Standing permissions in the chat: given by a card of their own after an approval, listed, and taken back by button or in words."""

from __future__ import annotations

import re
from zoneinfo import ZoneInfo

import pydantic
import sqlalchemy as sa

from orchestrator.actions import approvals, asking, permissions
from orchestrator.actions.approvals import Approval, Kind
from orchestrator.actions.calls import reach_of
from orchestrator.actions.permissions import Permission
from orchestrator.contracts import Action, Button, Card, Task, ToolError
from orchestrator.outside import Reach
from orchestrator.tasks import manager
from orchestrator.triage.turn import Turn
from storage.audit import AuditKind
from storage.models import ScheduleRow

OFFER, ALLOW, NO, TAKE_BACK = "offer", "allow", "no", "take-back"
KIND = "permission"
MOST_OFFERS = 3
Buttons = tuple[tuple[Button, ...], ...]
OFF_WORDS = frozenset({"off", "revoke", "aus", "zurück", "fuera", "retirar", "收回", "关闭"})
NUMBER = re.compile(r"#?(\d{1,9})")
LISTING = re.compile(
    r"\W*(?:(?:show|list|what are)(?: me)? (?:all )?(?:my|the)(?: standing)? permissions|what (?:have i|did i) (?:allow|permit)(?:ted|ed)?(?: you)?"
    r"|(?:zeig\w*|nenn\w*)(?: mir)? (?:meine|die|alle)(?: bleibenden)? erlaubnisse|welche erlaubnisse (?:gibt es|hast du|haben sie)|was (?:habe ich|hab ich)(?: dir| ihnen)? erlaubt"
    r"|(?:muestra|mu[eé]strame|ens[eé][ñn]ame|lista) (?:mis|los|todos los) permisos|qu[eé] (?:permisos hay|te he permitido|le he permitido)"
    r"|(?:显示|列出|查看|看看)(?:我的|所有)?(?:长期)?许可|我(?:都)?允许了(?:你)?(?:些)?什么)\W*",
    re.I,
)
TAKING_BACK = re.compile(
    r"\W*(?:(?:please )?(?:take back|revoke|withdraw|cancel|end|remove)(?: my| the| your)?(?: standing)? permission(?P<en> ?#?\d{1,9})?(?: please)?"
    r"|(?:bitte )?(?:nimm|nehmen sie|zieh|ziehen sie)(?: meine| die| deine)?(?: bleibende)? erlaubnis(?P<de> ?#?\d{1,9})? zur[uü]ck"
    r"|(?:meine |die )?erlaubnis(?P<de2> ?#?\d{1,9})? (?:zur[uü]cknehmen|widerrufen|entziehen|beenden)"
    r"|(?:por favor,? )?(?:retira|retire|revoca|revoque|quita|quite|anula|anule)(?: mi| el)? permiso(?P<es> ?#?\d{1,9})?"
    r"|(?:请)?(?:收回|撤销|撤回|取消)(?:我的|这个)?(?:长期)?许可(?P<zh> ?#?\d{1,9})?)\W*",
    re.I,
)


# --- the way to give one ---


def offer_button(turn: Turn, approval: Approval) -> Buttons:
    """Beside what was just approved: "Allow such ones …", where policy and the person's place allow it."""
    if _proposable(turn, approvals.get(turn.connection, approval.id)) is None:
        return ()
    return ((Button(turn.words("button-permission-offer"), Action(KIND, approval.id, OFFER)),),)


def _proposable(turn: Turn, approval: Approval) -> tuple[Task, Reach] | None:
    tool, task = turn.services.catalogue.tool(approval.tool), manager.load(turn.connection, approval.task_id)
    if approval.kind is not Kind.EFFECT or tool is None or task is None:
        return None
    try:
        reach = reach_of(tool, tool.arguments.model_validate(dict(approval.arguments)))
    except (pydantic.ValidationError, ToolError):
        return None
    standing = turn.services.runner.around.dispatcher.rules.policy.standing
    return (task, reach) if permissions.proposable(turn.connection, standing, approval, tool, reach, task, turn.person) else None


def pressed(turn: Turn, action: Action) -> str:
    """A button of a permission; returns the catalogue key of the short answer beside it."""
    if action.value == OFFER:
        return _propose(turn, action.subject)
    if action.value == ALLOW:
        return _give(turn, action.subject)
    if action.value == NO:
        return "permission-not-given" if permissions.take_back(turn.connection, action.subject, turn.person.id, turn.now) else "press-spent"
    if action.value == TAKE_BACK:
        found = permissions.find(turn.connection, action.subject, turn.person.id)
        return "press-not-yours" if found is None else _take_back(turn, found)
    return "press-unknown"


def _propose(turn: Turn, approval_id: str) -> str:
    """A card that says exactly what would be allowed; nothing is yet."""
    approval = approvals.find(turn.connection, approval_id, turn.person.id)
    found = _proposable(turn, approval) if approval is not None else None
    if approval is None or found is None:
        return "press-not-yours"
    standing = turn.services.runner.around.dispatcher.rules.policy.standing
    proposed = permissions.propose(turn.connection, standing, approval, found[1], found[0], turn.now)
    lines = [turn.words("permission-question"), "", *_scope(turn, proposed), "", turn.words("permission-limits")]
    allow = Button(turn.words("button-permission-allow"), Action(KIND, proposed.id, ALLOW))
    no = Button(turn.words("button-permission-no"), Action(KIND, proposed.id, NO))
    turn.reply(Card("\n".join(lines), ((allow, no),)), approval.task_id)
    return "press-taken"


def _give(turn: Turn, permission_id: str) -> str:
    given = permissions.give(turn.connection, permission_id, turn.person.id, turn.now)
    if given is None:
        return "press-spent"
    _note(turn, "given", given)
    turn.reply(turn.words("permission-given", number=given.number, until=_until(turn, given)))
    return "press-taken"


def _scope(turn: Turn, permission: Permission) -> list[str]:
    """Everything that it allows, one line each."""
    lines = [turn.words("permission-what", tool=permission.tool)]
    lines += [turn.words("permission-to", recipients=", ".join(permission.recipients))] if permission.recipients else []
    lines += [turn.words("permission-at", hosts=", ".join(permission.hosts))] if permission.hosts else []
    schedule = _schedule(turn, permission)
    kind = permission.task_type.replace("_", " ")
    lines.append(turn.words("permission-schedule", title=schedule) if schedule else turn.words("permission-agent", agent=permission.agent, kind=kind))
    lines.append(turn.words("permission-how-often", most=permission.at_most, until=_until(turn, permission)))
    return lines


def _schedule(turn: Turn, permission: Permission) -> str:
    if permission.schedule_id is None:
        return ""
    row = turn.connection.execute(sa.select(ScheduleRow.number, ScheduleRow.title).where(ScheduleRow.id == permission.schedule_id)).first()
    return f"#{row.number} {row.title}" if row is not None else permission.schedule_id


def _until(turn: Turn, permission: Permission) -> object:
    return permission.until.astimezone(ZoneInfo(turn.person.effective_zone))


# --- the list, and taking back ---


def command(turn: Turn, rest: str) -> None:
    """/permissions: what is allowed at present; with "off" and a number it is taken back."""
    word, _, number = rest.partition(" ")
    if word.lower() in OFF_WORDS:
        _take_back_numbered(turn, number)
        return
    _show(turn)


def said(turn: Turn) -> bool:
    """ "Take back permission 3", "show my permissions". False: it is something else."""
    if LISTING.fullmatch(turn.text):
        _show(turn)
        return True
    match = TAKING_BACK.fullmatch(turn.text)
    if match is None:
        return False
    _take_back_numbered(turn, next((number for number in match.groupdict().values() if number), ""))
    return True


def _show(turn: Turn, key: str = "permissions-title") -> None:
    found = permissions.standing_of(turn.connection, turn.person.id, turn.now)
    offers = _lately_approved(turn)
    if not found:
        turn.reply(Card(turn.words("permissions-none"), offers))
        return
    lines = [turn.words(key, count=len(found))]
    for one in found:
        today = permissions.used_on(turn.connection, one.id, turn.person, turn.now)
        lines += ["", f"**#{one.number}**", *_scope(turn, one), turn.words("permission-so-far", today=today, used=one.used)]
    rows = tuple((Button(turn.words("button-permission-back", number=one.number), Action(KIND, one.id, TAKE_BACK)),) for one in found)
    turn.reply(Card("\n".join(lines), (*rows, *offers)))


def _lately_approved(turn: Turn) -> Buttons:
    """What was approved within a day and may be allowed for longer: for channels whose cards cannot change."""
    rows: dict[str, tuple[Button, ...]] = {}
    for approval in approvals.lately_approved(turn.connection, turn.person.id, turn.now - permissions.PROPOSAL_LASTS):
        if _proposable(turn, approval) is not None and not permissions.is_known(turn.connection, approval.id):
            label = turn.words("button-permission-offer-this", summary=asking.visible(approval.shown.summary)[:60])
            rows.setdefault(approval.shown.summary, (Button(label, Action(KIND, approval.id, OFFER)),))
    return tuple(rows.values())[:MOST_OFFERS]


def _take_back_numbered(turn: Turn, text: str) -> None:
    """The one meant by number, or the only one; else asks which."""
    found = permissions.standing_of(turn.connection, turn.person.id, turn.now)
    number = NUMBER.search(text)
    meant = [one for one in found if number is None or one.number == int(number.group(1))]
    if len(meant) == 1:
        _take_back(turn, meant[0])
    elif number is not None and found:
        turn.reply(turn.words("permission-unknown", number=int(number.group(1))))
    else:
        _show(turn, "permissions-which")


def _take_back(turn: Turn, permission: Permission) -> str:
    if not permissions.take_back(turn.connection, permission.id, turn.person.id, turn.now):
        return "press-spent"
    _note(turn, "taken back", permission)
    turn.reply(turn.words("permission-taken-back", number=permission.number))
    return "press-taken"


def _note(turn: Turn, subject: str, permission: Permission) -> None:
    rules = turn.services.runner.around.dispatcher.rules
    about = {"permission": permission.id, "number": permission.number, "tool": permission.tool, "targets": list(permission.targets)}
    rules.note(turn.connection, AuditKind.PERMISSION, subject, turn.person.id, None, **about)
