reminder-what-still = 不客气。要提醒您什么？
reminder-untitled = 我不知道要提醒您什么，所以没有设置提醒。请再说一次。
reminder-none-of-name = 没有“{ $title }”的提醒，所以没有需要关闭的。
reminder-unwanted = 有这个提醒：{ $title }。要删除吗？
reminder-do-delete = 删除
reminder-keep = 保留
say-list-reminders = 显示我的提醒
