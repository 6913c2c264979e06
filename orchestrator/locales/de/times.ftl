times-weeks = { $count ->
    [one] 1 Woche
   *[other] { $count } Wochen
 }
times-days = { $count ->
    [one] 1 Tag
   *[other] { $count } Tage
 }
times-hours = { $count ->
    [one] 1 Stunde
   *[other] { $count } Stunden
 }
times-minutes = { $count ->
    [one] 1 Minute
   *[other] { $count } Minuten
 }
times-at = { $what } um { $clock }
times-until = { $what }, bis { $day }
times-every-workday = jeden Werktag
times-every-days = jeden { $days }
times-every-days-interval = { $count ->
    [2] jeden zweiten { $days }
   *[other] alle { $count } Wochen am { $days }
 }
times-every-nth = am { $nth ->
    [1] ersten
    [2] zweiten
    [3] dritten
    [4] vierten
    [5] fünften
   *[other] letzten
 } { $day } jedes Monats
times-every-month-day = { $day ->
    [-1] am letzten Tag jedes Monats
   *[other] am { $day }. jedes Monats
 }
times-every-year-day = jedes Jahr am { $day }
times-every-minutely = { $count ->
    [one] jede Minute
   *[other] alle { $count } Minuten
 }
times-every-hourly = { $count ->
    [one] jede Stunde
   *[other] alle { $count } Stunden
 }
times-every-daily = { $count ->
    [one] jeden Tag
   *[other] alle { $count } Tage
 }
times-every-weekly = { $count ->
    [one] jede Woche
   *[other] alle { $count } Wochen
 }
times-every-monthly = { $count ->
    [one] jeden Monat
   *[other] alle { $count } Monate
 }
times-every-yearly = { $count ->
    [one] jedes Jahr
   *[other] alle { $count } Jahre
 }
