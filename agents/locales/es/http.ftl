http-get-summary = Leer una página de { $host }
http-send-summary = Enviar datos a { $host } ({ $method }). No se puede deshacer.
http-delete-summary = Borrar algo en { $host }. No se puede deshacer.
http-address = Dirección
http-header = Cabecera { $name }
http-credential = Credencial utilizada
http-body = Lo que se envía ({ $kind })
