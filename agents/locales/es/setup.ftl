setup-profile = Vamos a configurarlo; puede saltarse cualquier pregunta. ¿Para quién trabajo?
setup-profile-me = Para mí
setup-profile-household = Un hogar
setup-profile-shop = Una tienda
setup-profile-practice = Una consulta
setup-your-name = ¿Cómo le llamo?
setup-business-name = ¿Cómo se llama el negocio?
setup-hours = ¿Cuándo está abierto? Por ejemplo: lun-vie 9-18, sáb 9-14
setup-hours-unread = No he podido leer ese horario y lo he dejado como estaba. Más tarde puede decir: «cambia nuestro horario a lun-vie 9-17».
setup-services = ¿Qué se puede reservar, cuánto dura y cuánto cuesta? Por ejemplo: corte 30 min 35 EUR, tinte 90 min 80 EUR
setup-zone = ¿En qué ciudad o zona horaria?
setup-done = Gracias, eso es todo. Todo se puede cambiar más tarde; basta con decirlo.
setup-refused = No puedo guardar eso: { $reason }
setup-what = ¿Qué cambio? Por ejemplo: «horario lun-vie 9-17», «nuestro nombre es …», «nuestro teléfono es …»
setup-unread = No he entendido qué cambiar. Pruebe: «horario lun-vie 9-17» o «nuestro nombre es …». Lo demás va en el archivo majordomo.yaml.
setup-changed = Cambiado. { $fact }: { $value }
setup-changed-hours = Cambiado. Nuestro horario ahora:
setup-changed-price = Cambiado: el nuevo precio vale desde ahora.
setup-closed = Anotado: { $days } está cerrado y nadie puede reservar entonces.
setup-closed-booked = { $count ->
    [one] Hay una cita reservada para entonces; sigue en pie hasta que la cancele o la mueva:
   *[other] Hay { $count } citas reservadas para entonces; siguen en pie hasta que las cancele o las mueva:
}
fact-name = Nombre
fact-address = Dirección
fact-phone = Teléfono
fact-email = Correo
button-skip = Saltar
zone-which = ¿En qué ciudad o zona horaria está?
zone-unknown = No conozco ese lugar. Diga una ciudad mayor cercana o una zona como Europe/Lisbon.
language-set = De acuerdo, desde ahora le hablo en español.
language-unknown = Hablo inglés, alemán, español y chino. ¿Cuál prefiere?
setup-own-name = Anotado: le llamaré { $name }. El nombre del negocio no cambia; para cambiarlo, diga «nuestro nombre es …».
