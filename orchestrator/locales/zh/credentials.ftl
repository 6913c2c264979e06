button-provide = 提供
button-new-link = 新链接
button-forget = 忘记 { $service }
credential-wanted = **任务 #{ $number } 需要您在 { $service } 的登录信息。**
    原因：{ $reason }
    信息加密保存，只用于 { $host }，绝不会给语言模型看。发送 /credentials 可让我忘记它。
    若到 { $when } 仍未提供，任务将在没有它的情况下结束。
credential-form = 请在 10 分钟内打开此页面并在那里输入：[{ $address }]({ $address })
credential-next-message = 请在下一条消息中写出（{ $fields }，每行一项）。在保存任何内容之前我会先把它取出。
credential-unreadable = 我已取出您写的内容，没有保留，但无法读懂。我需要，每行一项：{ $fields }
credential-declined = 已拒绝，没有保存任何内容。
credential-kept = 已加密保存。
credential-kept-now = 谢谢。{ $service } 的登录信息已加密保存，您的消息没有被存储。任务继续。
credential-ran-out = 无人及时提供 { $service } 的登录信息，任务 #{ $number } 因此结束。发送 /retry { $number } 会再次询问。
credential-forgotten = 已忘记。
credential-used = 上次使用：{ $when }
credential-unused = 尚未使用
credentials-none = 我没有保存您的任何登录信息。
credentials-title = 我保存着您的 { $count } 项登录信息：
field-username = 用户名
field-password = 密码
field-token = 令牌
field-key = 密钥
field-api-key = API 密钥
form-title = { $service } 的登录信息
form-send = 加密保存
form-done = 谢谢。您可以关闭此页面，任务在聊天中继续。
form-gone = 此链接已使用或已过期。请在聊天中按“新链接”。
form-missing = 请填写所有项目。
credential-kept-by-form = 谢谢。{ $service } 的登录信息已加密保存。任务继续。
