meant-question = 这是对“{ $question }”的回答，还是新的请求？
meant-answer = 这是回答
meant-new = 新的请求
undo-of-calendar-book = 预约：{ $label }
undo-of-calendar-cancel = 取消：{ $label }
undo-of-calendar-move = 改期：{ $label }
undo-of-reminders-create = 新提醒：{ $label }
undo-of-reminders-delete = 已删除的提醒：{ $label }
undo-of-reminders-change = 已更改的提醒：{ $label }
undo-last-for-good = { $offered ->
    [0] 我最后做的是“{ $title }”，它无法撤销。
   *[other] 我最后做的是“{ $title }”，它无法撤销。 下面这些可以，请按按钮：
}
undo-which = 要撤销哪一个？请按相应的按钮：
undo-usage = { $offered ->
    [0] /undo 撤销最近的更改，“/undo 3”撤销任务 #3 所做的。 现在没有可以撤销的内容。
   *[other] /undo 撤销最近的更改，“/undo 3”撤销任务 #3 所做的。 可以撤销的有：
}
undo-none-of = #{ $number } { $title } 所做的都无法撤销。
command-alone = /{ $name } 只用来查看，“{ $given }”没有改变任何内容。
task-number-needed = “{ $given }”不是任务编号。请写 /tasks 显示的编号，例如 3。
command-of-booking = 请用预约下方的按钮操作，或直接告诉我，例如“把周五的理发改到下午4点”。
