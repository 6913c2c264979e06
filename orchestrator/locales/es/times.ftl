times-weeks = { $count ->
    [one] 1 semana
   *[other] { $count } semanas
 }
times-days = { $count ->
    [one] 1 día
   *[other] { $count } días
 }
times-hours = { $count ->
    [one] 1 hora
   *[other] { $count } horas
 }
times-minutes = { $count ->
    [one] 1 minuto
   *[other] { $count } minutos
 }
times-at = { $what } a las { $clock }
times-until = { $what }, hasta el { $day }
times-every-workday = todos los días laborables
times-every-days = cada { $days }
times-every-days-interval = cada { $count } semanas: { $days }
times-every-nth = el { $nth ->
    [1] primer
    [2] segundo
    [3] tercer
    [4] cuarto
    [5] quinto
   *[other] último
 } { $day } de cada mes
times-every-month-day = { $day ->
    [-1] el último día de cada mes
   *[other] el día { $day } de cada mes
 }
times-every-year-day = cada año el { $day }
times-every-minutely = { $count ->
    [one] cada minuto
   *[other] cada { $count } minutos
 }
times-every-hourly = { $count ->
    [one] cada hora
   *[other] cada { $count } horas
 }
times-every-daily = { $count ->
    [one] todos los días
   *[other] cada { $count } días
 }
times-every-weekly = { $count ->
    [one] cada semana
   *[other] cada { $count } semanas
 }
times-every-monthly = { $count ->
    [one] cada mes
   *[other] cada { $count } meses
 }
times-every-yearly = { $count ->
    [one] cada año
   *[other] cada { $count } años
 }
