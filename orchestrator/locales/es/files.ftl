file-kept = He guardado el archivo como { $name } en su carpeta. Dígame con palabras qué hago con él.
file-refused = No he podido guardar el archivo: { $reason }. Envíelo otra vez, o uno más pequeño.
credential-no-form = No puedo recibir aquí las credenciales de { $service }: WhatsApp conserva cada mensaje y mi formulario seguro no tiene dirección pública. No se ha guardado nada. El operador puede definir MAJORDOMO_PUBLIC_URL; o responda a esta petición en el chat web.
