button-plan-approve = Empezar
button-plan-edit = Cambiar
button-plan-decline = Cancelar
ask-decided-edit = De acuerdo, ¿qué debe ser distinto?
plan-title = Plan para #{ $number }: { $title }
plan-estimate = Unos { $credits } créditos y { $seconds } segundos.
plan-start-approves = «Empezar» aprueba también los pasos marcados con ✔, tal como están aquí y una sola vez.
plan-asks-later = Los pasos marcados con ✋ toman su contenido de pasos anteriores: le muestro el resultado y entonces pregunto.
plan-approved-by-start = ✔ «Empezar» aprueba esto, tal como está aquí.
plan-asked-later = ✋ Vuelvo a preguntar, con el contenido real, antes de hacerlo.
plan-permitted = Se hace con un permiso permanente suyo.
plan-each = para cada elemento de { $list }
plan-asks-first = ⏸ Antes de este paso me detengo y pregunto.
plan-change = ¿Qué debe ser distinto? Elija un paso antes del cual me detengo y pregunto, o escriba qué quiere cambiar.
plan-stop-choice = Preguntar antes de { $step }
plan-stop-before = Antes de seguir con «{ $goal }», el próximo paso es:
    { $step }
    ¿Lo hago?
plan-stopped-before = Usted se detuvo antes de este paso: { $step }
plan-cancelled = Usted canceló el plan; no se hizo nada.
plan-expired = Nadie empezó el plan a tiempo; no se hizo nada.
plan-yes = Sí
plan-no = No
