note-unknown-again = Me interrumpieron justo en el momento de hacerlo, y usted dejó abierto si ocurrió. Si ocurrió, repetirlo lo haría dos veces.
left-in-doubt = #{ $number } terminó mientras yo hacía esto, y no puedo averiguar si ocurrió: { $summary }. Compruébelo usted, por favor; no lo repito.
task-failed-unclear = #{ $number } { $title } no terminó: { $reason }. No se sabe si esto se hizo: { $unclear }. { $done ->
    [none] No se ha cambiado nada más.
   *[other] Esto se hizo: { $done }.
 } Con /retry { $number } continúa; pregunto antes de repetirlo.
