custom-no-steps = 配置中没有这件事的步骤。
custom-wrong-steps = 配置的步骤无法使用：{ $reason }
custom-not-for-guests = 只有主人和成员可以运行配置的步骤。
custom-done = 完成：{ $goal }。{ $steps } 个步骤，{ $credits } 积分。
custom-failed = 步骤“{ $step }”没有按计划进行：{ $reason }。之前已完成：{ $done }。
custom-not-started = { $reason }
custom-change = 这些步骤写在配置里；请在那里修改后重新开始。您写的是：{ $wish }
intent-custom = 配置的步骤
