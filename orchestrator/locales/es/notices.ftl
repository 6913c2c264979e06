button-open = Abrir
button-read-all = Marcar todo como leído
button-show-all = Mostrar
button-notice-settings = Ajustes
button-quiet-on = Silencio de 22:00 a 7:00
button-quiet-off = Sin horas de silencio
button-digest-on = Resumen a las 8:00
button-digest-off = Sin resumen
button-what = De qué se me avisa
button-test = Probar { $place }
button-remove-place = Quitar { $place }
button-send-again = Intentar de nuevo
button-kind-on = ✓ { $channel }
button-kind-off = ✗ { $channel }
press-all-read = Todo está marcado como leído.
kind-reminder = Recordatorios
kind-completed = Completadas
kind-failed = Fallidas
kind-approval = Esperan aprobación
kind-credential = Hace falta acceso
kind-budget = Presupuesto
kind-autonomous = Modo autónomo
kind-health = Salud y citas
kind-alert = Avisos
channel-chat = Chat
channel-discord = Discord
channel-email = Correo
channel-webhook = Webhook
digest-title = { $count ->
    [one] Una notificación
   *[other] { $count } notificaciones
 }
digest-more = y { $count } más
notices-marked = { $count ->
    [0] No había nada sin leer.
    [one] Una queda marcada como leída.
   *[other] { $count } quedan marcadas como leídas.
 }
notices-settings = **Notificaciones**
notices-quiet = Horas de silencio: de { $from } a { $to } ({ $zone }). Hasta que terminen espera todo lo que no es urgente.
notices-no-quiet = Horas de silencio: ninguna
notices-digest = Resumen: cada día a las { $at } ({ $zone }). Lo urgente llega en el momento.
notices-no-digest = Resumen: ninguno
notices-place = { $channel }: { $shown }
notices-place-pending = { $channel }: { $shown }, falta su código
notices-place-broken = { $channel }: { $shown }, no funciona
notices-no-place = En otros sitios: en ninguno. Envíe /notifications discord, /notifications email o /notifications webhook con una dirección.
notices-off = Desactivado: { $list }
notices-dead = { $count ->
    [one] Un mensaje no se pudo entregar en otro sitio.
   *[other] { $count } mensajes no se pudieron entregar en otros sitios.
 }
notices-kinds = ¿Qué desea cambiar?
notices-kind = **{ $kind }**: pulse un canal para activarlo o desactivarlo.
notices-chosen-on = { $kind } llegarán por { $channel }.
notices-chosen-off = { $kind } ya no llegarán por { $channel }.
notices-here = Lo que aviso sin que se pida llega desde ahora a este chat.
notices-how = No lo he entendido. Por ejemplo:
    /notifications sin notificaciones después de las 22:00
    /notifications resumen a las 8
    /notifications off completed email
    /notifications test discord
notices-testing = Una prueba va camino de { $channel }.
notices-no-such-place = No hay nada configurado para { $channel }.
notices-removed = { $shown } ya no recibe nada y su dirección queda olvidada.
notices-retried = { $count ->
    [0] No quedaba nada por entregar.
    [one] Se intenta de nuevo un mensaje.
   *[other] Se intentan de nuevo { $count } mensajes.
 }
notices-not-possible = Aquí no se pueden configurar avisos a otros sitios.
notices-give-discord = Envíe la dirección del webhook de Discord (Ajustes del servidor → Integraciones → Webhooks). La saco del chat y la guardo cifrada.
notices-give-webhook = Envíe /notifications webhook y su dirección https.
notices-give-email = Envíe /notifications email y su dirección.
place-added = Guardado y cifrado: { $shown }. Lo que aviso sin que se pida va también allí.
place-secret = Guardado y cifrado: { $shown }. Cada mensaje va firmado (HMAC-SHA256) con este secreto. Solo se muestra ahora:
    `{ $secret }`
place-code-sent = He enviado un código a { $shown }. Envíe /notifications code y el código en 30 minutos.
place-code-wrong = Ese código es incorrecto o ha caducado.
place-code-title = Su código para notificaciones
place-code-text = Envíe esto en el chat para recibir notificaciones en esta dirección: /notifications code {"{code}"}
place-bad-discord = Eso no es un webhook de Discord. Tiene la forma https://discord.com/api/webhooks/… y sale de los ajustes de Discord.
place-bad-webhook = Esa dirección no se puede usar: debe empezar por https:// y llevar a la internet pública.
place-bad-kind = No conozco uno de esos tipos. Hay: { $kinds }
place-too-many = Ya hay cinco webhooks: quite uno primero.
place-bad-email = Eso no es una dirección de correo.
place-no-mail = Desde aquí no se puede enviar correo: no hay servidor configurado.
place-gone = Ese sitio ya no existe.
place-fails = Ya nada llega a { $shown }: { $reason }. Los mensajes se guardan y se pueden intentar de nuevo.
test-title = Prueba
test-text = Así llegarán las notificaciones.
notice-approval = Espera su aprobación hasta { $when }: { $summary }
notice-credential = La tarea #{ $number } necesita acceso a { $service }.
mail-footer = Majordomo le envía esto porque lo pidió. Para dejar de recibirlo, envíe /notifications en el chat.
field-task = Tarea
