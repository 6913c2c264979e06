button-provide = Indicar
button-new-link = Nuevo enlace
button-forget = Olvidar { $service }
credential-wanted = **Para la tarea #{ $number } necesito su acceso a { $service }.**
    Por qué: { $reason }
    Se guarda cifrado, se usa solo en { $host } y nunca se muestra a un modelo de lenguaje. Con /credentials puedo olvidarlo.
credential-until = Si no está hasta { $when }, pregunto una vez más.
credential-until-last = Si no está hasta { $when }, la tarea termina sin él.
credential-again = Nadie lo indicó a tiempo, así que pregunto una vez más.
credential-expired = Nadie respondió a tiempo; este botón y su enlace ya no hacen nada.
credential-form = Abra esta página en los próximos 10 minutos e introdúzcalo allí: [{ $address }]({ $address })
credential-next-message = Escríbalo en su próximo mensaje ({ $fields }, uno por línea). Lo saco antes de guardar nada.
credential-unreadable = He sacado lo que escribió y no he guardado nada, pero no pude leerlo. Necesito, uno por línea: { $fields }
credential-declined = Rechazado; no se guardó nada.
credential-kept = Guardado cifrado.
credential-kept-now = Gracias. El acceso a { $service } está guardado cifrado y su mensaje no se almacenó. La tarea continúa.
credential-ran-out = Nadie indicó a tiempo el acceso a { $service }, así que la tarea #{ $number } termina sin él. /retry { $number } vuelve a preguntar.
credential-forgotten = Olvidado.
credential-used = usado por última vez { $when }
credential-unused = todavía sin usar
credentials-none = No guardo ninguna credencial suya.
credentials-title = { $count ->
    [one] Guardo una credencial suya:
   *[other] Guardo { $count } credenciales suyas:
 }
field-username = usuario
field-password = contraseña
field-token = token
field-key = clave
field-api-key = clave de API
form-title = Acceso a { $service }
form-send = Guardar cifrado
form-done = Gracias. Puede cerrar esta página; la tarea continúa en el chat.
form-gone = Este enlace ya se usó o es demasiado antiguo. Pulse «Nuevo enlace» en el chat.
form-missing = Rellene todos los campos, por favor.
credential-kept-by-form = Gracias. El acceso a { $service } está guardado cifrado. La tarea continúa.
