"""What goes wrong in a database, as typed errors in words that are ours or the statement's: a database's own may quote its rows."""

from __future__ import annotations

import contextlib
import re
import sqlite3
from collections.abc import Iterator

import psycopg
import sqlalchemy as sa

from orchestrator.contracts import FatalError, ToolError, TransientError

WORDS = re.compile(r"\w+")
QUOTED = re.compile(r"[\"'](.*?)[\"']")
COMMON = frozenset(
    """
    a aggregate already alias allowed ambiguous an and any are argument arguments as at attempt authorized be been between binding bindings boolean by can
    cannot cast check clause column columns compound constraint could current cursor database datatype datatypes date declaration default does duplicate each
    end error execute exist exists expected expression expressions failed field for foreign from function functions given group grouping has have if in
    incomplete incorrect index input insert integer into invalid is it json key left like limit malformed match may mismatch misuse missing more multiple must
    name near no not null number numeric of on one only operator operators or order out overflow parameter permission prohibited query range read readonly
    recognized reference referenced relation required result return right row rows same select set side specify statement string subquery such supplied syntax
    table tables term terms text than that the there time timestamp to token too transaction trigger type types unable unique unknown unrecognized update use
    used uses using value values view violates was were where with without write wrong you zero division by abort did
    """.split()  # noqa: SIM905 - a list of this length is easier read as a text
)
"""What databases say of any statement. Anything else in their words must stand in the statement itself, or is not passed on."""
LONGEST = 300


@contextlib.contextmanager
def speaking(name: str, asked: str = "") -> Iterator[None]:
    """Around everything that is done with a database; `asked` is the statement and its values, as a model wrote them.

    Raises ToolError and TransientError; a connection's fault never carries its address, and none what stands in a row.
    """
    try:
        yield
    except (ToolError, TransientError, FatalError):
        raise
    except (sqlite3.Warning, sqlite3.ProgrammingError, sqlite3.DatabaseError) as error:
        if "locked" in str(error):
            raise TransientError(f"the database {name} is busy; try again later") from None
        said = "it took too long" if "interrupted" in str(error) else told(str(error), asked, getattr(error, "sqlite_errorname", ""))
        raise ToolError(f"the database {name} refused: {said}") from None
    except psycopg.OperationalError as error:
        if error.sqlstate is None or error.sqlstate.startswith(("08", "57P", "53")):
            raise TransientError(f"the database {name} cannot be reached; try again later") from None
        raise ToolError(f"the database {name} refused: {_of_postgres(error, asked)}") from None
    except psycopg.Error as error:
        raise ToolError(f"the database {name} refused: {_of_postgres(error, asked)}") from None
    except sa.exc.SQLAlchemyError as error:
        raise ToolError(f"the database {name} refused: {told(str(error).partition(chr(10))[0], asked, type(error).__name__)}") from None


def told(message: str, asked: str, kind: str) -> str:
    """The database's words where they hold none but its own and the statement's, else what kind of error it was."""
    asked = asked.lower()
    known = COMMON | set(WORDS.findall(asked))
    quotes_it = all(part.lower() in asked for part in QUOTED.findall(message))
    if len(message) <= LONGEST and quotes_it and known.issuperset(WORDS.findall(message.lower())):
        return message
    return f"the statement could not be run ({kind or 'error'})"


def _of_postgres(error: psycopg.Error, asked: str) -> str:
    return told(error.diag.message_primary or str(error).partition("\n")[0], asked, type(error).__name__)
