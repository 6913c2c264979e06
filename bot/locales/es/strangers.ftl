stranger-private = Este bot es privado. Si su dueño te ha dado un código de acceso, envíalo aquí para entrar.
stranger-wrong-code = Ese código no es válido. Pide otro al dueño: un código dura diez minutos.
