times-weeks = { $count }周
times-days = { $count }天
times-hours = { $count }小时
times-minutes = { $count }分钟
times-at = { $what } { $clock }
times-until = { $what }，直到{ $day }
times-every-workday = 每个工作日
times-every-days = 每{ $days }
times-every-days-interval = 每{ $count }周的{ $days }
times-every-nth = 每月{ $nth ->
    [1] 第一个
    [2] 第二个
    [3] 第三个
    [4] 第四个
    [5] 第五个
   *[other] 最后一个
 }{ $day }
times-every-month-day = { $day ->
    [-1] 每月最后一天
   *[other] 每月{ $day }号
 }
times-every-year-day = 每年{ $day }
times-every-minutely = { $count ->
    [1] 每分钟
   *[other] 每{ $count }分钟
 }
times-every-hourly = { $count ->
    [1] 每小时
   *[other] 每{ $count }小时
 }
times-every-daily = { $count ->
    [1] 每天
   *[other] 每{ $count }天
 }
times-every-weekly = { $count ->
    [1] 每周
   *[other] 每{ $count }周
 }
times-every-monthly = { $count ->
    [1] 每月
   *[other] 每{ $count }个月
 }
times-every-yearly = { $count ->
    [1] 每年
   *[other] 每{ $count }年
 }
