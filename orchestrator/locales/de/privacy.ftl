export-done = Hier ist alles, was ich über Sie weiß, als Datei: Nachrichten, Aufgaben und ihre Schritte, Zuordnungen, Erinnerungen, Benachrichtigungen, Buchungen, Freigaben, Wirkungen, Mails und was das Protokoll über Sie sagt. Gespeicherte Zugänge stehen mit Namen darin, nie mit ihrem Wert.
forget-title = **Soll ich Sie vergessen?** Das ginge für immer:
forget-tasks = { $count ->
    [one] - eine Aufgabe mit allen Schritten; läuft sie, wird sie zuerst angehalten
   *[other] - { $count } Aufgaben mit allen Schritten; laufende werden zuerst angehalten
 }
forget-messages = - alle Nachrichten ({ $count } von Ihnen, und meine Antworten)
forget-schedules = { $count ->
    [one] - eine Erinnerung
   *[other] - { $count } Erinnerungen
 }
forget-bookings = { $count ->
    [one] - ein kommender Termin; das Geschäft erfährt, dass die Zeit wieder frei ist
   *[other] - { $count } kommende Termine; das Geschäft erfährt, dass die Zeiten wieder frei sind
 }
forget-credentials = { $count ->
    [one] - ein gespeicherter Zugang
   *[other] - { $count } gespeicherte Zugänge
 }
forget-rest = - Ihr Name, Ihre Einstellungen und Dateien, und der Schlüssel zu allem, was für Sie verschlüsselt wurde
forget-stays = Das bleibt: das Protokoll, das verkettet ist, damit niemand Einträge herausnehmen kann. Es sagt, was wann entschieden und getan wurde, unter einer Nummer, die zu niemandem mehr führt, ohne eine Nachricht von Ihnen; nur für wen eine Dauererlaubnis und für welchen Dienst ein Zugang galt. Und was das Haus verlassen hat: gesendete Mails, Einträge in fremden Kalendern und dieser Chat auf Ihrem Gerät, den Sie dort löschen.
forget-only-owner = Sie sind der einzige Inhaber. Danach ist es niemand, bis sich jemand neu koppelt.
forget-export-first = Wenn Sie zuerst eine Kopie möchten, senden Sie /export. Die Knöpfe gelten 10 Minuten.
button-forget-yes = Vergiss mich für immer
button-forget-no = Alles behalten
forget-kept = Nichts wurde geändert.
forget-closed = Sie wollten vergessen werden.
forget-done = Erledigt: Alles über Sie ist gelöscht. Wenn Sie wieder schreiben, kenne ich Sie nicht.
forget-freed = Jemand wollte vergessen werden. Diese Termine sind abgesagt und wieder frei:
forget-freed-line = - { $service }: { $when }
intent-data-export = meine Daten ausgeben
intent-forget-me = mich vergessen
