stats-kind = - { $name }: { $total }, { $success } % con éxito, { $seconds } s de media
stats-queue = Ahora mismo: { $depth } en cola, { $running } en marcha. Agentes trabajando: { $agents }
stats-usage = En { $span }: { $tokens } tokens, { $credits } créditos
stats-credential = Credenciales de { $service }: usadas { $uses } veces por { $tool } en 30 días
stats-mail = Correo en 30 días: { $total }, { $delivered } % entregado, { $failed } % fallido
