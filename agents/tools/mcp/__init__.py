"""Servers of the Model Context Protocol from majordomo.yaml, and their tools as tools of the house.

Whatever such a server says (names, descriptions, schemas, results, hints about effects) is an outsider's text. What a
tool of it does to the world is what the operator wrote down; a tool that nobody wrote down counts as irreversible.
"""

from agents.tools.mcp.house import McpServers
from agents.tools.mcp.settings import Address, McpFault, Program, Rule, Server, named_variables, read_servers, servers_of
from agents.tools.mcp.tools import LookAtServer, McpTool, tools_of

__all__ = [
    "Address",
    "LookAtServer",
    "McpFault",
    "McpServers",
    "McpTool",
    "Program",
    "Rule",
    "Server",
    "named_variables",
    "read_servers",
    "servers_of",
    "tools_of",
]
