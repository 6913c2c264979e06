reminder-set = Ich erinnere Sie { $when }: { $title }
reminder-set-repeating = Ich erinnere Sie { $rule }: { $title } (als Nächstes { $when })
reminder-changed = Geändert. Ich erinnere Sie { $when }: { $title }
reminder-changed-repeating = Geändert. Ich erinnere Sie { $rule }: { $title } (als Nächstes { $when })
reminder-when = Wann soll ich Sie erinnern: { $title }?
reminder-when-untitled = Wann soll ich Sie erinnern?
reminder-what = Woran soll ich Sie erinnern?
reminder-unread = „{ $words }“ konnte ich nicht als Zeit lesen. Wann genau soll ich Sie erinnern?
reminder-past = Diese Zeit ist schon vorbei. Wann soll ich Sie stattdessen erinnern?
reminder-full = Sie haben 200 Erinnerungen und Zeitpläne, ruhende eingeschlossen, mehr hebe ich nicht auf. Bitte löschen Sie zuerst einige.
reminder-gave-up = Ich konnte keine Zeit erkennen und habe keine Erinnerung gesetzt. Fragen Sie einfach noch einmal.
reminder-earlier-failed = Der Termin kam nicht zustande, deshalb habe ich keine Erinnerung daran gesetzt.
reminders-none = Sie haben keine Erinnerungen.
reminders-title = { $count ->
    [one] Ihre Erinnerung:
   *[other] Ihre { $count } Erinnerungen:
 }
reminder-which-change = Welche Erinnerung soll ich ändern?
reminder-which-delete = Welche Erinnerung soll ich löschen?
reminder-which-done = Welche Erinnerung ist erledigt?
reminder-deleted = Gelöscht: { $title }
reminders-delete-all = { $count ->
    [one] Soll ich Ihre eine Erinnerung löschen?
   *[other] Soll ich alle { $count } Erinnerungen löschen?
 }
reminders-all-deleted = { $count ->
    [one] Eine Erinnerung ist gelöscht.
   *[other] { $count } Erinnerungen sind gelöscht.
 }
reminders-kept = In Ordnung, ich habe nichts gelöscht.
reminder-ended = Erledigt: { $title }
reminder-later = Ich erinnere Sie wieder { $when }: { $title }
reminder-nothing-rang = Es gab keine Erinnerung, die ich verschieben könnte.
reminder-due = ⏰ { $title }
reminder-due-late = ⏰ { $title } (verspätet: fällig war es { $due })
button-delete-reminder = Löschen
say-delete-reminder = lösche Erinnerung { $number }
time-soon = in 1 Stunde
time-evening = heute Abend
time-tomorrow = morgen um 9
yes = Ja
no = Nein
reminder-wake-up = aufstehen
reminder-timer = Timer
reminders-none-then = Für diese Zeit haben Sie keine Erinnerungen.
reminder-unlike = Eine Erinnerung, die genau passt, habe ich nicht.
reminder-none-of-these = Keine davon
reminders-untouched = In Ordnung, ich habe nichts geändert.
reminder-own-rhythm = „{ $title }“ folgt einer Regel mit mehr als einer Uhrzeit, deshalb habe ich nichts geändert. Nennen Sie mir den ganzen Rhythmus, etwa „jeden Montag um 10 Uhr“.
reminder-gone = „{ $title }“ ist inzwischen zu Ende; es war nichts mehr zu tun.
reminder-paused = pausiert ({ $rule })
reminder-no-exception = „{ $exception }“ kann ich nicht auslassen: Auch an diesen Tagen erinnere ich Sie.
reminder-shortened = Das war lang: Die ersten { $count } Zeichen habe ich behalten.
