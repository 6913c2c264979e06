times-weeks = { $count ->
    [one] 1 week
   *[other] { $count } weeks
 }
times-days = { $count ->
    [one] 1 day
   *[other] { $count } days
 }
times-hours = { $count ->
    [one] 1 hour
   *[other] { $count } hours
 }
times-minutes = { $count ->
    [one] 1 minute
   *[other] { $count } minutes
 }
times-at = { $what } at { $clock }
times-until = { $what }, until { $day }
times-every-workday = every weekday
times-every-days = every { $days }
times-every-days-interval = { $count ->
    [2] every other { $days }
   *[other] { $days } every { $count } weeks
 }
times-every-nth = on the { $nth ->
    [1] first
    [2] second
    [3] third
    [4] fourth
    [5] fifth
   *[other] last
 } { $day } of every month
times-every-month-day = { $day ->
    [-1] on the last day of every month
   *[other] on day { $day } of every month
 }
times-every-year-day = every year on { $day }
times-every-minutely = { $count ->
    [one] every minute
   *[other] every { $count } minutes
 }
times-every-hourly = { $count ->
    [one] every hour
   *[other] every { $count } hours
 }
times-every-daily = { $count ->
    [one] every day
   *[other] every { $count } days
 }
times-every-weekly = { $count ->
    [one] every week
   *[other] every { $count } weeks
 }
times-every-monthly = { $count ->
    [one] every month
   *[other] every { $count } months
 }
times-every-yearly = { $count ->
    [one] every year
   *[other] every { $count } years
 }
