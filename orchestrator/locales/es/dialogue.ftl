meant-question = ¿Es la respuesta a «{ $question }» o algo nuevo?
meant-answer = Es la respuesta
meant-new = Algo nuevo
undo-of-calendar-book = reserva: { $label }
undo-of-calendar-cancel = cancelación: { $label }
undo-of-calendar-move = cambio de hora: { $label }
undo-of-reminders-create = recordatorio nuevo: { $label }
undo-of-reminders-delete = recordatorio borrado: { $label }
undo-of-reminders-change = recordatorio cambiado: { $label }
undo-last-for-good = { $offered ->
    [0] «{ $title }» fue lo último que hice y no se puede deshacer.
   *[other] «{ $title }» fue lo último que hice y no se puede deshacer. Esto sí, si pulsa el botón:
}
undo-which = ¿Cuál? Pulse el botón de lo que debo deshacer:
undo-usage = { $offered ->
    [0] /undo deshace el último cambio; «/undo 3», lo que hizo la tarea #3. Ahora no hay nada que pueda deshacer.
   *[other] /undo deshace el último cambio; «/undo 3», lo que hizo la tarea #3. Se puede deshacer:
}
undo-none-of = Nada de lo que hizo #{ $number } { $title } se puede deshacer.
command-alone = /{ $name } solo muestra algo; «{ $given }» no cambió nada.
task-number-needed = «{ $given }» no es un número de tarea. Escriba el número que muestra /tasks, por ejemplo 3.
command-of-booking = Eso se hace con los botones de cada reserva, o dígamelo con palabras, por ejemplo «cambia el corte del viernes a las 16».
