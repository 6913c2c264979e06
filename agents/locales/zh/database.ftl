database-tables-summary = 查看 { $database } 的数据表
database-query-summary = 从数据库 { $database } 读取
database-write-summary = 修改数据库 { $database }。此操作无法撤销。
database-delete-summary = 在数据库 { $database } 中删除。此操作无法撤销。
database-statement = 语句
database-value = 值 { $name }
