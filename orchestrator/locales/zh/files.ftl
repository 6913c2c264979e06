file-kept = 我已把文件以 { $name } 为名存入您的文件夹。请用文字告诉我要怎么处理。
file-refused = 我没能保存您发来的文件：{ $reason }。请再发一次，或发一个小一点的。
credential-no-form = 我不能在这里接收 { $service } 的凭据：WhatsApp 会保留每条消息，而我的安全表单没有公开地址。什么都没有保存。运营者可以设置 MAJORDOMO_PUBLIC_URL，或者请在网页聊天中回答这个请求。
