reminder-what-still = De nada. ¿Qué le recuerdo?
reminder-untitled = No sé qué debo recordarle, así que no he puesto ningún recordatorio. Pídalo de nuevo.
reminder-none-of-name = No tengo ningún recordatorio «{ $title }», así que no hay nada que quitar.
reminder-unwanted = Tengo este recordatorio: { $title }. ¿Lo borro?
reminder-do-delete = Borrarlo
reminder-keep = Dejar
say-list-reminders = muéstrame mis recordatorios
