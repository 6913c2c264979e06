appointments-cancel-these = ¿Cancelo todas estas?
appointments-kept = De acuerdo, no he cancelado nada.
appointment-one-at-a-time = Reservo de una en una: pida { $services } por separado.
