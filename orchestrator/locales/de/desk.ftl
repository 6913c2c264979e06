progress = #{ $number } { $label }: { $percent } %
task-started = Ich kümmere mich darum (#{ $number }) und melde mich hier.
task-failed = Das hat nicht geklappt (#{ $number } { $title }): { $reason }. Es wurde nichts geändert. /retry { $number } versucht es noch einmal.
task-unknown = Eine Aufgabe #{ $number } gibt es bei Ihnen nicht. /tasks zeigt Ihre Aufgaben.
task-cannot = Aufgabe #{ $number } ist { $state }; das geht jetzt nicht.
task-cancelled = Aufgabe #{ $number } ist abgebrochen.
task-paused = Aufgabe #{ $number } ist angehalten. /resume { $number } setzt sie fort.
task-resumed = Aufgabe #{ $number } geht weiter.
task-retried = Aufgabe #{ $number } wird noch einmal versucht.
task-stuck = Aufgabe #{ $number } ({ $title }) gab { $hours } Stunden lang kein Lebenszeichen, deshalb habe ich sie abgebrochen. Bitte fragen Sie noch einmal.
tasks-none = Sie haben noch keine Aufgaben. Schreiben Sie einfach, was Sie brauchen.
tasks-idle = Gerade läuft nichts.
tasks-live = { $count ->
    [one] Eine Aufgabe ist offen:
   *[other] { $count } Aufgaben sind offen:
 }
tasks-recent = Zuletzt:
stopped = { $count ->
    [0] Es lief nichts.
    [one] Angehalten: eine Aufgabe.
   *[other] Angehalten: { $count } Aufgaben.
 }
state-pending = wartet
state-planning = wird geplant
state-in-progress = läuft
state-awaiting-input = wartet auf Ihre Antwort
state-awaiting-approval = wartet auf Ihre Freigabe
state-awaiting-credentials = wartet auf Zugangsdaten
state-paused = angehalten
state-completed = erledigt
state-failed = fehlgeschlagen
state-cancelled = abgebrochen
dropped = In Ordnung, ich lasse es sein.
back-to = Zurück zu meiner Frage:
not-understood-answer = Das konnte ich leider nicht als Antwort lesen.
clarify = Ich bin nicht sicher, was Sie meinen. Ist es eines davon?
what-instead = Entschuldigung. Was haben Sie gemeint?
option-other = Etwas anderes
button-wrong = Das meinte ich nicht
button-done = Erledigt
button-snooze-short = In 10 Minuten
button-snooze-hour = In einer Stunde
button-snooze-day = Morgen
button-hand-back = Zurück an den Bot
button-pause = Anhalten
button-resume = Fortsetzen
button-cancel = Abbrechen
button-retry = Noch einmal
maybe-wrong = Ich habe das verstanden als: { $intent }.
press-taken = In Ordnung.
press-spent = Dieser Knopf wurde schon benutzt.
press-not-yours = Dieser Knopf ist nicht für Sie.
press-unknown = Diesen Knopf kenne ich nicht mehr.
command-unknown = /{ $name } kenne ich nicht. Es gibt: { $commands }
command-owner-only = Das kann nur der Inhaber.
cannot-read-kind = Ich kann bisher nur Text lesen und habe mir Ihre Sendung nicht angesehen. Bitte schreiben Sie es in Worten.
why-text = Sie schrieben: „{ $text }“
why-decision = Ich habe es als „{ $intent }“ verstanden und an { $agent } gegeben (#{ $number }).
why-method = Entschieden durch { $method }, zu { $percent } % sicher.
why-runner-up = Die zweite Vermutung war „{ $intent }“.
why-details = Herausgelesen: { $details }
why-unknown = Zu #{ $number } habe ich keine Entscheidung aufbewahrt.
method-command = Ihren Befehl
method-button = Ihre Wahl
method-rule = eine feste Regel
method-keywords = Stichwörter
method-classifier = die lokale Erkennung
method-model = das Sprachmodell
method-dialogue = das Gespräch
method-subtask = eine andere Aufgabe
where-received = eingegangen
where-routed = an { $agent } gegeben (zu { $percent } % sicher)
where-started = begonnen ({ $percent } %)
where-waiting = wartet auf Sie: { $question }
where-error = letzte Schwierigkeit: { $reason }
where-ended = beendet: { $state }
where-delivery-sent = Antwort zugestellt
where-delivery-queued = Antwort unterwegs
where-delivery-failed = Antwort konnte nicht zugestellt werden
notifications-none = Keine ungelesenen Mitteilungen.
notifications-title = { $count ->
    [one] Eine ungelesene Mitteilung:
   *[other] { $count } ungelesene Mitteilungen:
 }
settings = Name: { $name }
    Sprache: { $language }
    Zeitzone: { $zone }
    Rolle: { $role }
    Sagen Sie „Ich bin jetzt in Lissabon“ oder „sprich Englisch“, um das zu ändern.
language-en = Englisch
language-de = Deutsch
language-es = Spanisch
language-zh = Chinesisch
stats = { $total } Aufgaben insgesamt, { $today } in den letzten 24 Stunden, { $waiting } offen. { $success } % gelungen. Modell-Tokens: { $tokens }.
zone-question = In welcher Zeitzone sind Sie? Drücken Sie den Knopf oder nennen Sie Ihre Stadt.
zone-yes = { $zone } stimmt
zone-set = { $moved ->
    [0] Notiert: Ich rechne in { $zone }.
    [one] Notiert: Ich rechne in { $zone }. Eine Erinnerung ist mitgezogen.
   *[other] Notiert: Ich rechne in { $zone }. { $moved } Erinnerungen sind mitgezogen.
 }
question-expired = Auf meine Frage zu Aufgabe #{ $number } ({ $title }) kam keine Antwort, deshalb habe ich sie geschlossen. Es wurde nichts getan.
handover-begins = { $name } möchte mit einem Menschen sprechen. { $reason }
    Was bisher gesagt wurde:
    { $lines }

    Was Sie hier jetzt schreiben, geht dorthin, bis Sie den Knopf drücken oder /handback senden.
handover-ends = Sie sprechen wieder mit dem Assistenten.
no-handover = Gerade ist kein Gespräch übergeben.
reminder-done = Erledigt: { $title }
reminder-snoozed = Ich erinnere Sie um { $when } noch einmal: { $title }
intent-greeting = ein Gruß
intent-help = Hilfe
intent-thanks = ein Dank
intent-goodbye = ein Abschied
intent-small-talk = Plauderei
intent-human-handover = mit einem Menschen sprechen
intent-complaint-wrong = eine Beschwerde
intent-opening-hours = Öffnungszeiten
intent-business-location = Adresse
intent-business-contact = Kontakt
intent-services-list = Leistungen
intent-price-inquiry = Preise
intent-business-faq = eine Frage zum Geschäft
intent-reminder-set = eine Erinnerung stellen
intent-reminder-list = Erinnerungen zeigen
intent-reminder-change = eine Erinnerung ändern
intent-reminder-delete = eine Erinnerung löschen
intent-reminder-done = eine Erinnerung abhaken
intent-reminder-snooze = eine Erinnerung verschieben
intent-appointment-booking = einen Termin buchen
intent-appointment-reschedule = einen Termin verlegen
intent-appointment-cancel = einen Termin absagen
intent-appointment-list = meinen Kalender zeigen
intent-appointment-availability = freie Zeiten
intent-tasks-list = Aufgaben zeigen
intent-task-cancel = eine Aufgabe abbrechen
intent-task-pause = eine Aufgabe anhalten
intent-task-resume = eine Aufgabe fortsetzen
intent-task-status = Stand einer Aufgabe
intent-why = warum ich das getan habe
intent-settings-timezone = die Zeitzone ändern
intent-settings-language = die Sprache ändern
intent-setup = Einrichtung
intent-setup-change = die Einrichtung ändern
intent-history = was Sie vorher gefragt haben
intent-statistics = Statistik
intent-prescription-refill = ein Rezept erneuern
intent-lab-results = Laborwerte
intent-file-summary = mit einer Datei arbeiten
intent-email-send = eine E-Mail senden
intent-email-campaign = eine E-Mail-Kampagne
intent-web-browse = etwas im Netz nachsehen
intent-research = Recherche
intent-data-processing = Daten verarbeiten
intent-writing = schreiben oder übersetzen
intent-study-planning = Lernen planen
intent-doctor-portal = sich an einem Portal anmelden
intent-shopping-list = eine Einkaufsliste
intent-not-possible-yet = etwas, das ich noch nicht kann
intent-unclear = etwas Unklares
intent-emergency = ein Notfall
intent-symptom = eine Beschwerde am Körper
message-failed = Bei dieser Nachricht ist bei mir etwas schiefgegangen; es wurde nichts getan. Bitte schreiben Sie es anders, oder senden Sie /help.
