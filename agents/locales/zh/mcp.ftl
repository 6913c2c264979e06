mcp-read-summary = 用服务器 { $server } 的 { $tool } 查询
mcp-write-summary = 让服务器 { $server } 执行 { $tool }。此操作无法从这里撤销。
mcp-look-summary = 询问服务器 { $server } 有哪些工具
mcp-server = 服务器
mcp-address = 地址
mcp-credential = 使用的凭据
mcp-tool = 工具
mcp-argument = 参数 { $name }
