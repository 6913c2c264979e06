schedule-none = Es ist nichts geplant.
schedule-title = { $count ->
    [one] Eines ist geplant:
   *[other] { $count } Dinge sind geplant:
 }
schedule-line = - **{ $number }** { $title }: { $when }
rhythm-question = Soll ich das { $rhythm } tun oder einmal jetzt: „{ $title }“?
rhythm-each = Ja, { $rhythm }
rhythm-now = Einmal, jetzt
rhythm-once = einmal
rhythm-cron = nach `{ $rule }`
rhythm-interval = alle { $duration }
schedule-made = 🔁 Abgemacht, { $rhythm }: { $title } (**{ $number }**)
schedule-one = **{ $number }** { $title }: { $rhythm }
schedule-next = Das nächste Mal: { $when }
schedule-paused = Es ruht.
schedule-ran = - { $when }: erledigt
schedule-late = - { $when }: verspätet
schedule-missed = - { $when }: verpasst, ich lief nicht
schedule-skipped = - { $when }: ausgelassen
schedule-line-paused = - **{ $number }** { $title }: ruht
schedule-more = Mehr zu einem: /schedule { $number }
schedule-how = Versuche „/schedule jeden Montag um 9 schick mir die Nachrichten“, /schedule 3, oder /schedule mit run, pause, resume, skip oder delete und einer Nummer.
schedule-unknown = Einen Eintrag { $number } gibt es nicht. /schedule listet alle auf.
schedule-too-many = Du hast { $most } Einträge; lösche erst einen: /schedule
schedule-run = { $number } { $title }: begonnen.
schedule-busy = { $number } { $title }: Das vorige Mal läuft noch.
schedule-not-skipped = { $number } { $title } ruht, es gibt also nichts auszulassen. Mit /schedule resume { $number } geht es weiter.
schedule-over = Für { $number } kommt kein späterer Zeitpunkt; es ist zu Ende.
schedule-deleted = Gelöscht: { $title } ({ $number }).
schedule-no-agent = Ich konnte „{ $title }“ ({ $number }) nicht beginnen: Das macht hier niemand mehr. /schedule delete { $number } beendet es.
schedule-button-run = Jetzt ausführen
schedule-button-skip = Nächstes auslassen
schedule-button-pause = Pause
schedule-button-resume = Fortsetzen
schedule-button-delete = Löschen
