mcp-read-summary = Consultar algo con { $tool } del servidor { $server }
mcp-write-summary = Hacer que el servidor { $server } ejecute { $tool }. Desde aquí no se puede deshacer.
mcp-look-summary = Preguntar al servidor { $server } qué herramientas tiene
mcp-server = Servidor
mcp-address = Dirección
mcp-credential = Credencial utilizada
mcp-tool = Herramienta
mcp-argument = Argumento { $name }
