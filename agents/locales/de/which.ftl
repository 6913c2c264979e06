appointment-unlike = So einen Termin finde ich nicht.
appointment-none-of-these = Keinen davon
appointment-untouched = In Ordnung, ich habe nichts geändert.
appointment-what = Was soll ich dann in Ihren Kalender eintragen?
appointment-one-of-several = Das ist ein Termin, für eine Person. Für den zweiten drücken Sie die Taste oder fragen Sie noch einmal.
appointment-staff-not-free = { $staff } ist dann nicht frei oder macht das nicht. Ihr Termin bleibt, wie er ist: { $title }, { $when }.
appointment-staff-unknown = { $name } arbeitet nicht hier. Ihr Termin bleibt, wie er ist: { $title }, { $when }.
