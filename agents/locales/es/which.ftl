appointment-unlike = No encuentro ninguna cita así.
appointment-none-of-these = Ninguna de estas
appointment-untouched = De acuerdo, no he cambiado nada.
appointment-what = ¿Qué anoto en su agenda para entonces?
appointment-one-of-several = Es una sola cita, para una persona. Para la segunda, pulse el botón o pídala de nuevo.
appointment-staff-not-free = { $staff } no está libre entonces o no hace eso. Su cita queda como está: { $title }, { $when }.
appointment-staff-unknown = { $name } no trabaja aquí. Su cita queda como está: { $title }, { $when }.
