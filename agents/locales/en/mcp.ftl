mcp-read-summary = Look something up with { $tool } of the server { $server }
mcp-write-summary = Have the server { $server } carry out { $tool }. This cannot be undone from here.
mcp-look-summary = Ask the server { $server } what tools it has
mcp-server = Server
mcp-address = Address
mcp-credential = Credential used
mcp-tool = Tool
mcp-argument = Argument { $name }
