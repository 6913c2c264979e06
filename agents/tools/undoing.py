"""Keeps the ledger true while something is taken back."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from orchestrator.actions import effects
from orchestrator.contracts import Effect, Json, ToolScope


class Settle(BaseModel):
    """How taking an effect back ended."""

    model_config = ConfigDict(extra="forbid")

    effect: str = Field(description="The id of the effect in the ledger.")
    taken_back: bool = Field(description="Whether it is undone now; if not, it counts as done again.")


class SettleUndo:
    """Says in the ledger whether an effect is undone."""

    name = "undo.settle"
    version = 1
    description = "Notes in the ledger how taking an effect back ended."
    effect = Effect.IDEMPOTENT
    arguments = Settle

    def run(self, scope: ToolScope, arguments: Settle) -> Json:
        entry = effects.find(scope.connection, arguments.effect, scope.person.id)
        if entry is not None:
            if arguments.taken_back:  # a second try, after the first has failed, begins with what counts as done again
                effects.move(scope.connection, entry.id, (effects.UNDOING, effects.DONE), effects.UNDONE)
            else:
                effects.move(scope.connection, entry.id, (effects.UNDOING,), effects.DONE)
        return {"known": entry is not None}
