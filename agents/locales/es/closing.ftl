closing-asked = Era una pregunta, así que no he cambiado nada. Dígalo como afirmación, por ejemplo: «nuestro teléfono es …».
closing-sure = ¿Cierro { $day }? Entonces nadie podrá reservar.
closing-partly = Solo puedo cerrar días enteros; el horario de un solo día no se puede cambiar aquí. { $day }: abrimos de { $hours }. ¿Qué hago?
closing-whole = Cerrar todo el día: { $day }
closing-every = Cambiarlo para cada { $weekday }
closing-leave = Dejarlo como está
closing-left = Lo he dejado todo como estaba.
closing-which-day = ¿Qué día quiere decir? Entiendo, por ejemplo, «3 de diciembre» o «el próximo miércoles».
closing-no-day = No he podido leer ningún día; no se ha cerrado nada.
closing-which = ¿Qué cierre anulo?
closing-none = No hay ningún cierre anotado.
closing-none-then = { $day }: no había ningún cierre anotado que anular.
closing-opened = Anotado: el cierre queda anulado: { $days }.
closing-more = { $count ->
    [one] Y una más.
   *[other] Y { $count } más.
}
closing-undo-closed = cierre: { $days }
closing-undo-opened = abierto de nuevo: { $days }
closing-undo-changed = cambio: { $facts }
fact-hours = Horario
fact-services = Servicios y precios
zone-yours = Su zona horaria es { $zone }; allí son las { $clock }. Para cambiarla, diga una ciudad: «ahora estoy en Lisboa».
zone-there = { $zone }: allí son las { $clock }. Su propia zona horaria no cambia; para cambiarla, diga «ahora estoy en Lisboa».
