note-unknown-again = 我正要执行的那一刻被中断，您当时没有说明是否已经完成。如果已经完成，再做一次就会重复。
left-in-doubt = #{ $number } 在我执行这一步时被结束，我无法查明是否已经完成：{ $summary }。请您自行查看；我不会重复执行。
task-failed-unclear = #{ $number } { $title } 没有完成：{ $reason }。无法得知是否已执行：{ $unclear }。{ $done ->
    [none] 没有做其他更改。
   *[other] 已经完成的有：{ $done }。
 } 发送 /retry { $number } 继续；重复之前我会先问您。
