# HTTP API 的密钥：{ $secret } 只显示一次。
apikey-made = **{ $name }** - 您的新 API 密钥。它只在这里、只在现在显示：请复制到您的程序中。
    `{ $secret }`
    在 { $until } 之前，它以您的名义行事。{ $minutes } 分钟后我会把它从聊天中移除。
apikey-hidden = 这里曾显示一个 API 密钥，开头是 { $prefix }。
apikey-revoked = API 密钥 { $name }（{ $prefix }…）已失效。
apikey-none = 您没有 API 密钥。/apikey 名称 可以创建一个。
apikey-title = { $count ->
   *[other] 您的 { $count } 个 API 密钥：
    }
apikey-used = 上次使用：{ $when }
apikey-unused = 尚未使用
apikey-how = /apikey 名称 可以再创建一个。
apikey-private = 密钥只能给您本人看：请在私聊中对我发送 /apikey。
button-hide-key = 已保存，隐藏
button-revoke-key = 撤销 { $name }
