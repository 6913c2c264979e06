mail-none = Todavía no se ha enviado ningún correo suyo.
mail-none-found = No se envió ningún correo sobre eso ni a esa dirección.
mail-title = { $count ->
    [one] El último correo enviado por usted:
   *[other] Los { $count } últimos correos enviados por usted, primero el más reciente:
 }
mail-line = - { $to }: { $subject } ({ $when }, por { $provider }): { $status }
mail-status-queued = a punto de salir
mail-status-sent = enviado
mail-status-delivered = entregado
mail-status-bounced = devuelto
mail-status-failed = rechazado, no salió nada
mail-status-unknown = entregado al servidor, sin respuesta
mail-came-back = Su correo a { $recipient } («{ $subject }») ha sido devuelto: { $reason }. /mail muestra el registro.
