"""Databases as tools."""

from __future__ import annotations

from agents.tools.sql.engines import DatabasePlace as DatabasePlace
from agents.tools.sql.engines import SqlLimits as SqlLimits
from agents.tools.sql.statements import Databases as Databases
from agents.tools.sql.statements import tools as tools
