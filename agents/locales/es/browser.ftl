browser-look-summary = Ver una página de { $host } en un navegador
browser-act-summary = Hacer clic y escribir en una página de { $host } ({ $count ->
    [one] una acción
   *[other] { $count } acciones
 }). No se puede deshacer.
browser-step = Paso { $number }
browser-click = Hacer clic en { $what }
browser-fill = Escribir en { $what }: { $value }
browser-select = Elegir en { $what }: { $value }
browser-press = Pulsar { $key }
browser-wait = Esperar
browser-session = Sesión
browser-stay = Página
browser-stay-means = tal como la dejó esta sesión; no se vuelve a cargar
