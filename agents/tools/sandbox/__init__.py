"""A box in which foreign programs run and from which they reach nothing; see `box` for how, `probe` for how we know."""

from __future__ import annotations

from agents.tools.sandbox.box import Box as Box
from agents.tools.sandbox.box import BoxLimits as BoxLimits
from agents.tools.sandbox.box import Ran as Ran
from agents.tools.sandbox.box import Unusable as Unusable
from agents.tools.sandbox.probe import Availability as Availability
from agents.tools.sandbox.probe import probe as probe
