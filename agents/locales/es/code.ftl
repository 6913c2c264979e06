code-run-summary = Ejecutar un programa de Python en el entorno aislado, sin red
code-program = Programa
code-files = Archivos que puede leer
