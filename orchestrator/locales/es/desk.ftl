progress = #{ $number } { $label }: { $percent } %
task-started = Me pongo con ello (#{ $number }) y le escribo aquí.
task-failed = No ha funcionado (#{ $number } { $title }): { $reason }. No se ha cambiado nada. Envíe /retry { $number } para intentarlo otra vez.
task-unknown = No tiene ninguna tarea #{ $number }. /tasks muestra las suyas.
task-cannot = La tarea #{ $number } está { $state }; ahora no es posible.
task-cancelled = La tarea #{ $number } queda cancelada.
task-paused = La tarea #{ $number } queda en pausa. /resume { $number } la continúa.
task-resumed = La tarea #{ $number } continúa.
task-retried = Se intenta de nuevo la tarea #{ $number }.
task-stuck = La tarea #{ $number } ({ $title }) no dio señales de vida durante { $hours } horas, así que la he cancelado. Pídala de nuevo, por favor.
tasks-none = Todavía no tiene tareas. Escriba simplemente lo que necesita.
tasks-idle = No hay nada en marcha.
tasks-live = { $count ->
    [one] Hay una tarea abierta:
   *[other] Hay { $count } tareas abiertas:
 }
tasks-recent = Últimamente:
stopped = { $count ->
    [0] No había nada en marcha.
    [one] Detenida: una tarea.
   *[other] Detenidas: { $count } tareas.
 }
state-pending = en espera
state-planning = en preparación
state-in-progress = en marcha
state-awaiting-input = a la espera de su respuesta
state-awaiting-approval = a la espera de su aprobación
state-awaiting-credentials = a la espera de credenciales
state-paused = en pausa
state-completed = hecha
state-failed = fallida
state-cancelled = cancelada
dropped = De acuerdo, lo dejo.
back-to = Vuelvo a mi pregunta:
not-understood-answer = Perdone, no he podido leer eso como respuesta.
clarify = No estoy seguro de lo que quiere decir. ¿Es una de estas cosas?
what-instead = Perdone. ¿Qué quería decir?
option-other = Otra cosa
button-wrong = No era eso
button-done = Hecho
button-snooze-short = En 10 minutos
button-snooze-hour = En una hora
button-snooze-day = Mañana
button-hand-back = Devolver al bot
button-pause = Pausar
button-resume = Continuar
button-cancel = Cancelar
button-retry = Otra vez
maybe-wrong = Lo he entendido como: { $intent }.
press-taken = De acuerdo.
press-spent = Este botón ya se ha usado.
press-not-yours = Este botón no es para usted.
press-unknown = Ya no conozco este botón.
command-unknown = No conozco /{ $name }. Hay: { $commands }
command-owner-only = Eso solo puede hacerlo el propietario.
cannot-read-kind = De momento solo leo texto, así que no he mirado lo que envió. Escríbalo con palabras, por favor.
why-text = Usted escribió: «{ $text }»
why-decision = Lo entendí como «{ $intent }» y se lo di a { $agent } (#{ $number }).
why-method = Decidido por { $method }, con un { $percent } % de seguridad.
why-runner-up = La segunda opción era «{ $intent }».
why-details = He leído: { $details }
why-unknown = No guardé ninguna decisión para #{ $number }.
method-command = su orden
method-button = su elección
method-rule = una regla fija
method-keywords = palabras clave
method-classifier = el clasificador local
method-model = el modelo de lenguaje
method-dialogue = la conversación
method-subtask = otra tarea
where-received = recibido
where-routed = entregado a { $agent } ({ $percent } % de seguridad)
where-started = empezado ({ $percent } %)
where-waiting = a la espera de usted: { $question }
where-error = último problema: { $reason }
where-ended = terminado: { $state }
where-delivery-sent = respuesta entregada
where-delivery-queued = respuesta en camino
where-delivery-failed = no se pudo entregar la respuesta
notifications-none = No hay avisos sin leer.
notifications-title = { $count ->
    [one] Un aviso sin leer:
   *[other] { $count } avisos sin leer:
 }
settings = Nombre: { $name }
    Idioma: { $language }
    Zona horaria: { $zone }
    Papel: { $role }
    Diga «ahora estoy en Lisboa» o «habla inglés» para cambiarlos.
language-en = inglés
language-de = alemán
language-es = español
language-zh = chino
stats = { $total } tareas en total, { $today } en las últimas 24 horas, { $waiting } abiertas. { $success } % con éxito. Tokens del modelo: { $tokens }.
zone-question = ¿En qué zona horaria está? Pulse el botón o diga su ciudad.
zone-yes = { $zone } es correcta
zone-set = { $moved ->
    [0] Anotado: calculo en { $zone }.
    [one] Anotado: calculo en { $zone }. Un recordatorio se ha movido con usted.
   *[other] Anotado: calculo en { $zone }. { $moved } recordatorios se han movido con usted.
 }
question-expired = Nadie contestó a mi pregunta de la tarea #{ $number } ({ $title }), así que la he cerrado. No se ha hecho nada.
handover-begins = { $name } quiere hablar con una persona. { $reason }
    Lo que se ha dicho:
    { $lines }

    Lo que escriba aquí ahora le llega, hasta que pulse el botón o envíe /handback.
handover-ends = Vuelve a hablar con el asistente.
no-handover = Ahora no hay ninguna conversación entregada.
reminder-done = Hecho: { $title }
reminder-snoozed = Se lo recordaré de nuevo a las { $when }: { $title }
intent-greeting = un saludo
intent-help = ayuda
intent-thanks = un agradecimiento
intent-goodbye = una despedida
intent-small-talk = charla
intent-human-handover = hablar con una persona
intent-complaint-wrong = una queja
intent-opening-hours = horario
intent-business-location = dirección
intent-business-contact = contacto
intent-services-list = servicios
intent-price-inquiry = precios
intent-business-faq = una pregunta sobre el negocio
intent-reminder-set = poner un recordatorio
intent-reminder-list = ver los recordatorios
intent-reminder-change = cambiar un recordatorio
intent-reminder-delete = borrar un recordatorio
intent-reminder-done = marcar un recordatorio como hecho
intent-reminder-snooze = aplazar un recordatorio
intent-appointment-booking = reservar una cita
intent-appointment-reschedule = mover una cita
intent-appointment-cancel = cancelar una cita
intent-appointment-list = ver mi calendario
intent-appointment-availability = horas libres
intent-tasks-list = ver las tareas
intent-task-cancel = cancelar una tarea
intent-task-pause = pausar una tarea
intent-task-resume = continuar una tarea
intent-task-status = estado de una tarea
intent-why = por qué lo hice
intent-settings-timezone = cambiar la zona horaria
intent-settings-language = cambiar el idioma
intent-setup = configuración
intent-setup-change = cambiar la configuración
intent-history = lo que preguntó antes
intent-statistics = estadísticas
intent-prescription-refill = renovar una receta
intent-lab-results = resultados de laboratorio
intent-file-summary = trabajar con un archivo
intent-email-send = enviar un correo
intent-email-campaign = una campaña de correo
intent-web-browse = buscar algo en la web
intent-research = investigación
intent-data-processing = procesar datos
intent-writing = escribir o traducir
intent-study-planning = planificar el estudio
intent-doctor-portal = entrar en un portal
intent-shopping-list = una lista de la compra
intent-not-possible-yet = algo que aún no sé hacer
intent-unclear = algo poco claro
intent-emergency = una emergencia
intent-symptom = un síntoma
message-failed = Algo ha fallado por mi parte con este mensaje; no se ha hecho nada. Escríbalo de otra forma, o envíe /help.
