button-permission-offer = Permitir estos …
button-permission-offer-this = Permitir estos: { $summary }
button-permission-allow = Permitir esto
button-permission-no = No
button-permission-back = Retirar #{ $number }
permission-question = **¿Lo hago en adelante sin preguntar?** Se permitiría exactamente esto:
permission-what = - Qué: `{ $tool }`
permission-to = - Solo a: { $recipients }
permission-at = - Solo por: { $hosts }
permission-agent = - Solo en tareas del tipo «{ $kind }» (agente { $agent })
permission-schedule = - Solo para el horario { $title }
permission-how-often = - Como mucho { $most } al día, hasta { $until }
permission-limits = Todo lo demás se sigue preguntando, y también esto cuando he leído tanto cosas suyas como textos de otros. Le aviso de cada uso. Puede retirarlo cuando quiera: /permissions
permission-given = Permitido hasta { $until }, como permiso #{ $number }. Le aviso de cada uso; /permissions lo retira.
permission-not-given = De acuerdo, sigo preguntando.
permission-used = Hecho con su permiso #{ $number } ({ $used } de { $most } hoy): { $summary } /permissions
permission-so-far = - Usado hoy: { $today }, en total: { $used }
permission-taken-back = El permiso #{ $number } queda retirado. Desde ahora vuelvo a preguntar.
permission-unknown = No hay ningún permiso #{ $number } vigente. /permissions muestra los que hay.
permissions-none = No ha dado permisos permanentes: pregunto cada vez.
permissions-title = { $count ->
    [one] Hay un permiso vigente:
   *[other] Hay { $count } permisos vigentes:
 }
permissions-which = ¿Cuál retiro?
