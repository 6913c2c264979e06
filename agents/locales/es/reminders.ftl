reminder-set = Se lo recordaré { $when }: { $title }
reminder-set-repeating = Se lo recordaré { $rule }: { $title } (la próxima vez, { $when })
reminder-changed = Cambiado. Se lo recordaré { $when }: { $title }
reminder-changed-repeating = Cambiado. Se lo recordaré { $rule }: { $title } (la próxima vez, { $when })
reminder-when = ¿Cuándo se lo recuerdo: { $title }?
reminder-when-untitled = ¿Cuándo se lo recuerdo?
reminder-what = ¿Qué le recuerdo?
reminder-unread = No he podido leer «{ $words }» como hora. ¿Cuándo exactamente se lo recuerdo?
reminder-past = Esa hora ya ha pasado. ¿Cuándo se lo recuerdo entonces?
reminder-full = Tiene 200 recordatorios y tareas programadas, incluidos los que están en pausa, y no guardo más. Borre primero algunos, por favor.
reminder-gave-up = No he entendido la hora, así que no he puesto ningún recordatorio. Pídamelo otra vez.
reminder-earlier-failed = La cita no se ha hecho, así que no he puesto recordatorio.
reminders-none = No tiene recordatorios.
reminders-title = { $count ->
    [one] Su recordatorio:
   *[other] Sus { $count } recordatorios:
 }
reminder-which-change = ¿Qué recordatorio cambio?
reminder-which-delete = ¿Qué recordatorio borro?
reminder-which-done = ¿Qué recordatorio está hecho?
reminder-deleted = Borrado: { $title }
reminders-delete-all = { $count ->
    [one] ¿Borro su único recordatorio?
   *[other] ¿Borro los { $count } recordatorios?
 }
reminders-all-deleted = { $count ->
    [one] Un recordatorio borrado.
   *[other] { $count } recordatorios borrados.
 }
reminders-kept = De acuerdo, no he borrado nada.
reminder-ended = Hecho: { $title }
reminder-later = Se lo recordaré de nuevo { $when }: { $title }
reminder-nothing-rang = No ha sonado ningún recordatorio que pueda aplazar.
reminder-due = ⏰ { $title }
reminder-due-late = ⏰ { $title } (con retraso: era para { $due })
button-delete-reminder = Borrar
say-delete-reminder = borra el recordatorio { $number }
time-soon = en 1 hora
time-evening = esta noche
time-tomorrow = mañana a las 9
yes = Sí
no = No
reminder-wake-up = despertarse
reminder-timer = temporizador
reminders-none-then = No tiene recordatorios para ese momento.
reminder-unlike = No tengo ningún recordatorio que coincida exactamente.
reminder-none-of-these = Ninguno de estos
reminders-untouched = De acuerdo, no he cambiado nada.
reminder-own-rhythm = «{ $title }» sigue una regla con más de una hora del día, así que no he cambiado nada. Dígame el ritmo completo, por ejemplo «cada lunes a las 10».
reminder-gone = «{ $title }» ha terminado entretanto; ya no quedaba nada que hacer.
reminder-paused = en pausa ({ $rule })
reminder-no-exception = No puedo dejar fuera «{ $exception }»: también avisaré esos días.
reminder-shortened = Era largo: he guardado los primeros { $count } caracteres.
