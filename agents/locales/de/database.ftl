database-tables-summary = Die Tabellen von { $database } ansehen
database-query-summary = Aus der Datenbank { $database } lesen
database-write-summary = Die Datenbank { $database } ändern. Das lässt sich nicht rückgängig machen.
database-delete-summary = In der Datenbank { $database } löschen. Das lässt sich nicht rückgängig machen.
database-statement = Anweisung
database-value = Wert { $name }
