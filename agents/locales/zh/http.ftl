http-get-summary = 读取 { $host } 的网页
http-send-summary = 向 { $host } 发送数据（{ $method }）。此操作无法撤销。
http-delete-summary = 删除 { $host } 上的内容。此操作无法撤销。
http-address = 地址
http-header = 请求头 { $name }
http-credential = 使用的凭据
http-body = 发送的内容（{ $kind }）
