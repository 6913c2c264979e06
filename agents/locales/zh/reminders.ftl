reminder-set = 我会在{ $when }提醒您：{ $title }
reminder-set-repeating = 我会{ $rule }提醒您：{ $title }（下一次：{ $when }）
reminder-changed = 已更改。我会在{ $when }提醒您：{ $title }
reminder-changed-repeating = 已更改。我会{ $rule }提醒您：{ $title }（下一次：{ $when }）
reminder-when = 什么时候提醒您：{ $title }？
reminder-when-untitled = 什么时候提醒您？
reminder-what = 要提醒您什么？
reminder-unread = 我看不懂“{ $words }”是什么时间。请问具体什么时候提醒您？
reminder-past = 这个时间已经过了。改在什么时候提醒您？
reminder-full = 您已有 200 个提醒和安排（包括已暂停的），不能再多了。请先删除一些。
reminder-gave-up = 我没弄清时间，所以没有设提醒。请再说一次。
reminder-earlier-failed = 预约没有成功，所以我没有设提醒。
reminders-none = 您没有提醒。
reminders-title = { $count ->
   *[other] 您的 { $count } 个提醒：
 }
reminder-which-change = 要更改哪个提醒？
reminder-which-delete = 要删除哪个提醒？
reminder-which-done = 哪个提醒完成了？
reminder-deleted = 已删除：{ $title }
reminders-delete-all = { $count ->
   *[other] 要删除全部 { $count } 个提醒吗？
 }
reminders-all-deleted = { $count ->
   *[other] 已删除 { $count } 个提醒。
 }
reminders-kept = 好的，什么都没有删除。
reminder-ended = 完成：{ $title }
reminder-later = 我会在{ $when }再提醒您：{ $title }
reminder-nothing-rang = 没有可以推迟的提醒。
reminder-due = ⏰ { $title }
reminder-due-late = ⏰ { $title }（迟到的提醒：原定 { $due }）
button-delete-reminder = 删除
say-delete-reminder = 删除提醒 { $number }
time-soon = 1小时后
time-evening = 今天晚上
time-tomorrow = 明天上午9点
yes = 是
no = 不
reminder-wake-up = 起床
reminder-timer = 计时
reminders-none-then = 那段时间您没有提醒。
reminder-unlike = 没有完全符合的提醒。
reminder-none-of-these = 都不是
reminders-untouched = 好的，什么都没有更改。
reminder-own-rhythm = “{ $title }”的规则一天不止一个时间，所以没有更改。请告诉我完整的重复方式，例如“每周一上午10点”。
reminder-gone = “{ $title }”已经结束，没有什么要做的了。
reminder-paused = 已暂停（{ $rule }）
reminder-no-exception = 我无法排除“{ $exception }”：那些日子也会提醒。
reminder-shortened = 内容太长：我保留了前 { $count } 个字符。
