button-plan-approve = 开始
button-plan-edit = 更改
button-plan-decline = 取消
ask-decided-edit = 好的，要改什么？
plan-title = #{ $number } 的计划：{ $title }
plan-estimate = 约 { $credits } 积分，{ $seconds } 秒。
plan-start-approves = 点“开始”也就批准了标有 ✔ 的步骤，完全按这里所写，只此一次。
plan-asks-later = 标有 ✋ 的步骤，其内容来自前面的步骤：到时我会给您看结果再询问。
plan-approved-by-start = ✔ 点“开始”即批准此步，按这里所写。
plan-asked-later = ✋ 执行之前，我会带着实际内容再问一次。
plan-permitted = 按您的长期许可执行。
plan-each = 对 { $list } 的每一项
plan-asks-first = ⏸ 这一步之前我会停下来询问。
plan-change = 要改什么？选择一个步骤，我会在它之前停下来询问；或者写下您想改的内容。
plan-stop-choice = 在 { $step } 之前询问
plan-stop-before = 继续“{ $goal }”之前，下一步是：
    { $step }
    要执行吗？
plan-stopped-before = 您在这一步之前停止了：{ $step }
plan-cancelled = 您取消了计划，什么也没有做。
plan-expired = 没有人及时开始这个计划，什么也没有做。
plan-yes = 是
plan-no = 否
