whatsapp-choose = 选择
whatsapp-more = 更多…
whatsapp-more-choices = 更多选项：
whatsapp-waits = 一条 WhatsApp 消息正在等待：{ $name } 已有 24 小时没有来信，WhatsApp 此时只接受已批准的模板，而 { $purpose } 没有模板。对方一来信，它就会发出。docs/whatsapp.md 说明了如何设置模板。
whatsapp-template-refused = WhatsApp 拒绝了 { $purpose } 的模板，因此给 { $name } 的一条消息要等到对方来信。请在 WhatsApp 管理工具中查看。
