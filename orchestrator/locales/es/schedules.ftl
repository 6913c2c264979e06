schedule-none = No hay nada programado.
schedule-title = { $count ->
    [one] Hay una cosa programada:
   *[other] Hay { $count } cosas programadas:
 }
schedule-line = - **{ $number }** { $title }: { $when }
rhythm-question = ¿Lo hago { $rhythm } o una vez ahora: «{ $title }»?
rhythm-each = Sí, { $rhythm }
rhythm-now = Una vez, ahora
rhythm-once = una vez
rhythm-cron = según `{ $rule }`
rhythm-interval = cada { $duration }
schedule-made = 🔁 De acuerdo, { $rhythm }: { $title } (**{ $number }**)
schedule-one = **{ $number }** { $title }: { $rhythm }
schedule-next = La próxima vez: { $when }
schedule-paused = Está en pausa.
schedule-ran = - { $when }: hecho
schedule-late = - { $when }: con retraso
schedule-missed = - { $when }: perdido, yo no estaba en marcha
schedule-skipped = - { $when }: omitido
schedule-line-paused = - **{ $number }** { $title }: en pausa
schedule-more = Más sobre uno: /schedule { $number }
schedule-how = Prueba «/schedule cada lunes a las 9 envíame las noticias», /schedule 3, o /schedule con run, pause, resume, skip o delete y un número.
schedule-unknown = No hay nada programado con el número { $number }. /schedule muestra la lista.
schedule-too-many = Tienes { $most } programados; borra uno primero: /schedule
schedule-run = { $number } { $title }: empezado.
schedule-busy = { $number } { $title }: el anterior sigue en marcha.
schedule-not-skipped = { $number } { $title } está en pausa, así que no hay nada que omitir. /schedule resume { $number } lo reanuda.
schedule-over = Para { $number } no queda ningún momento posterior; ha terminado.
schedule-deleted = Borrado: { $title } ({ $number }).
schedule-no-agent = No pude empezar «{ $title }» ({ $number }): aquí ya nadie hace esto. /schedule delete { $number } lo termina.
schedule-button-run = Ejecutar ahora
schedule-button-skip = Omitir el próximo
schedule-button-pause = Pausar
schedule-button-resume = Reanudar
schedule-button-delete = Borrar
