http-get-summary = Read a page of { $host }
http-send-summary = Send data to { $host } ({ $method }). This cannot be undone.
http-delete-summary = Delete something at { $host }. This cannot be undone.
http-address = Address
http-header = Header { $name }
http-credential = Credential used
http-body = What is sent ({ $kind })
