reminder-what-still = Gern. Woran soll ich Sie erinnern?
reminder-untitled = Ich weiß nicht, woran ich Sie erinnern soll, und habe keine Erinnerung gestellt. Fragen Sie einfach noch einmal.
reminder-none-of-name = Ich habe keine Erinnerung „{ $title }“; es gibt also nichts abzustellen.
reminder-unwanted = Ich habe diese Erinnerung: { $title }. Soll ich sie löschen?
reminder-do-delete = Löschen
reminder-keep = Behalten
say-list-reminders = zeig mir meine Erinnerungen
