database-tables-summary = Ver las tablas de { $database }
database-query-summary = Leer de la base de datos { $database }
database-write-summary = Cambiar la base de datos { $database }. Esto no se puede deshacer.
database-delete-summary = Borrar en la base de datos { $database }. Esto no se puede deshacer.
database-statement = Instrucción
database-value = Valor { $name }
