database-tables-summary = Look at the tables of { $database }
database-query-summary = Read from the database { $database }
database-write-summary = Change the database { $database }. This cannot be undone.
database-delete-summary = Delete from the database { $database }. This cannot be undone.
database-statement = Statement
database-value = Value { $name }
