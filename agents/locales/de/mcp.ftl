mcp-read-summary = Etwas mit { $tool } des Servers { $server } nachsehen
mcp-write-summary = Den Server { $server } { $tool } ausführen lassen. Das lässt sich von hier aus nicht rückgängig machen.
mcp-look-summary = Den Server { $server } fragen, welche Werkzeuge er hat
mcp-server = Server
mcp-address = Adresse
mcp-credential = Verwendete Zugangsdaten
mcp-tool = Werkzeug
mcp-argument = Angabe { $name }
