# Claves de la API HTTP: { $secret } se muestra una sola vez.
apikey-made = **{ $name }** - tu nueva clave de API. Se muestra solo aquí y solo ahora: cópiala en tu programa.
    `{ $secret }`
    Actúa en tu nombre hasta el { $until }. Dentro de { $minutes } minutos la quito de este chat.
apikey-hidden = Aquí se mostró una clave de API; empieza por { $prefix }.
apikey-revoked = La clave de API { $name } ({ $prefix }…) ya no vale.
apikey-none = No tienes claves de API. /apikey NOMBRE crea una.
apikey-title = { $count ->
    [one] Tu clave de API:
   *[other] Tus { $count } claves de API:
    }
apikey-used = último uso { $when }
apikey-unused = aún sin usar
apikey-how = /apikey NOMBRE crea otra.
apikey-private = Una clave es solo para tus ojos: escríbeme /apikey en un chat privado.
button-hide-key = Ya la tengo, ocultar
button-revoke-key = Revocar { $name }
