export-done = Aquí está todo lo que sé de usted, como archivo: mensajes, tareas y sus pasos, asignaciones, recordatorios, notificaciones, reservas, aprobaciones, efectos, correos y lo que el registro dice de usted. Los accesos guardados figuran por su nombre, nunca por su valor.
forget-title = **¿Debo olvidarle?** Esto desaparecería para siempre:
forget-tasks = { $count ->
    [one] - una tarea con todos sus pasos; si está en marcha, antes se detiene
   *[other] - { $count } tareas con todos sus pasos; las que están en marcha antes se detienen
 }
forget-messages = - todos los mensajes ({ $count } suyos, y mis respuestas)
forget-schedules = { $count ->
    [one] - un recordatorio
   *[other] - { $count } recordatorios
 }
forget-bookings = { $count ->
    [one] - una cita próxima; el negocio sabrá que la hora vuelve a estar libre
   *[other] - { $count } citas próximas; el negocio sabrá que las horas vuelven a estar libres
 }
forget-credentials = { $count ->
    [one] - un acceso guardado
   *[other] - { $count } accesos guardados
 }
forget-rest = - su nombre, ajustes y archivos, y la clave de todo lo que se cifró para usted
forget-stays = Esto queda: el registro de auditoría, encadenado para que nadie pueda quitar entradas. Dice qué se decidió e hizo y cuándo, bajo un número que ya no lleva a nadie, sin ningún mensaje suyo; solo para quién era un permiso permanente y para qué servicio un acceso. Y lo que salió de la casa: correos enviados, entradas en calendarios ajenos y este chat en su dispositivo, que puede borrar allí.
forget-only-owner = Usted es el único propietario. Después no habrá ninguno hasta que alguien se vincule de nuevo.
forget-export-first = Si antes quiere una copia, envíe /export. Los botones valen 10 minutos.
button-forget-yes = Olvídame para siempre
button-forget-no = Conservar todo
forget-kept = No se cambió nada.
forget-closed = Usted pidió ser olvidado.
forget-done = Hecho: todo lo suyo está borrado. Si vuelve a escribir, no le conoceré.
forget-freed = Alguien pidió ser olvidado. Estas citas quedan canceladas y libres de nuevo:
forget-freed-line = - { $service }: { $when }
intent-data-export = exportar mis datos
intent-forget-me = olvidarme
