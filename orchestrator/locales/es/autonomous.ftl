autonomous-title = Modo autónomo: { $state }
autonomous-on = activado, { $interval }
autonomous-off = desactivado
autonomous-last = Última pasada: { $when }
autonomous-next = Próxima pasada: { $when }
autonomous-never = Todavía no ha pasado ninguna vez.
autonomous-under-way = Hay una pasada en marcha.
autonomous-what = Mira el calendario, las preguntas abiertas, las aprobaciones y las tareas que vencen o fallaron; actúa solo dentro de tus reglas y tu presupuesto, y escribe solo si hubo algo.
autonomous-requested = Estoy mirando ahora. Escribo si hay algo que hacer.
autonomous-too-soon = Hace menos de un minuto se pidió otra pasada. Inténtalo en { $seconds } segundos.
autonomous-busy = Ya hay una pasada en marcha.
autonomous-guests = El modo autónomo es para el dueño y los miembros, en un chat privado.
autonomous-not-understood = No he entendido «{ $text }». Prueba /autonomous on, /autonomous off, /autonomous run o un intervalo: { $intervals }.
autonomous-runs-title = Las últimas pasadas:
autonomous-run-line = - { $when }: { $what }
autonomous-button-on = Activar
autonomous-button-off = Desactivar
autonomous-button-run = Mirar ahora
autonomous-button-runs = Últimas pasadas
autonomous-15min = cada 15 min
autonomous-30min = cada 30 min
autonomous-1hour = cada hora
autonomous-3hours = cada 3 horas
autonomous-6hours = cada 6 horas
autonomous-12hours = cada 12 horas
autonomous-24hours = cada 24 horas
autonomous-run-idle = nada que hacer
autonomous-run-acted = { $count ->
    [one] una cosa hecha
   *[other] { $count } cosas hechas
}
autonomous-run-failed = { $count ->
    [one] una cosa sin hacer
   *[other] { $count } cosas sin hacer
}
autonomous-run-missed = perdida, yo no estaba en marcha
autonomous-run-skipped = omitida, la anterior seguía en marcha
autonomous-run-open = en marcha
autonomous-run-late = { $what } (con retraso)
autonomous-report = { $count ->
    [one] He mirado y me he ocupado de una cosa
   *[other] He mirado y me he ocupado de { $count } cosas
}
autonomous-report-failed = He mirado; no todo ha salido bien
autonomous-gave-up = La pasada se interrumpió tres veces. Lo intento de nuevo la próxima vez.
autonomous-still-open = Esta pregunta sigue abierta (#{ $number }):
autonomous-question = Preguntado otra vez: «{ $title }» (#{ $number }) espera tu respuesta
autonomous-approval = Caduca { $when }: «{ $title }» espera tu aprobación
autonomous-credential = Caduca { $when }: faltan todavía las credenciales de { $title }
autonomous-failed = Falló: «{ $title }» (#{ $number }): { $reason }. /retry { $number } lo intenta de nuevo
autonomous-retried = Intentado otra vez: «{ $title }» (#{ $number }) había fallado: { $reason }
autonomous-due = Vence { $when }: «{ $title }» (#{ $number })
autonomous-stuck = «{ $title }» (#{ $number }) no da señales de vida desde hace { $minutes } minutos. /cancel { $number } la detiene
autonomous-clash = «{ $title }» y «{ $other }» se solapan ({ $when })
autonomous-clash-free = «{ $title }» y «{ $other }» se solapan ({ $when }). Estarías libre { $free }
autonomous-told = { $title }
autonomous-started = Empezado: «{ $title }» (#{ $number })
autonomous-started-failed = Empezado y fallido: «{ $title }» (#{ $number })
autonomous-feed = El agente { $title } no pudo mirar hacia adelante
autonomous-not-done = Sin hacer: «{ $title }»: { $why }
autonomous-why-error = un error inesperado
autonomous-why-budget = el presupuesto está agotado
autonomous-why-no-agent = ningún agente hace esto
