code-run-summary = Ein Python-Programm in der Sandbox ausführen, ohne Netz
code-program = Programm
code-files = Dateien, die es lesen kann
