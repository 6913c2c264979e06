stats-kind = - { $name }：{ $total } 个，成功率 { $success }%，平均 { $seconds } 秒
stats-queue = 目前：排队 { $depth } 个，进行中 { $running } 个。正在工作的代理：{ $agents }
stats-usage = { $span } 内：{ $tokens } 个 token，{ $credits } 点
stats-credential = { $service } 的凭据：30 天内被 { $tool } 使用 { $uses } 次
stats-mail = 30 天内的邮件：{ $total } 封，送达率 { $delivered }%，失败率 { $failed }%
