"""The one guarded way out of the house, for every tool that speaks to a server."""

from agents.tools.way_out.addresses import reason_against
from agents.tools.way_out.concealment import Concealer
from agents.tools.way_out.destination import Destination, destination, host_name
from agents.tools.way_out.door import Limits, Refused, WayOut, read
from agents.tools.way_out.fetching import Answer, Ask, fetch
from agents.tools.way_out.proxy import Allowance, Proxy
from agents.tools.way_out.transport import GuardedTransport

__all__ = [
    "Allowance",
    "Answer",
    "Ask",
    "Concealer",
    "Destination",
    "GuardedTransport",
    "Limits",
    "Proxy",
    "Refused",
    "WayOut",
    "destination",
    "fetch",
    "host_name",
    "read",
    "reason_against",
]
