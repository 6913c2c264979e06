meant-question = Ist das die Antwort auf „{ $question }“ oder etwas Neues?
meant-answer = Das ist die Antwort
meant-new = Etwas Neues
undo-of-calendar-book = Buchung: { $label }
undo-of-calendar-cancel = Absage: { $label }
undo-of-calendar-move = Verlegung: { $label }
undo-of-reminders-create = neue Erinnerung: { $label }
undo-of-reminders-delete = gelöschte Erinnerung: { $label }
undo-of-reminders-change = geänderte Erinnerung: { $label }
undo-last-for-good = { $offered ->
    [0] „{ $title }“ war das Letzte, was ich getan habe, und lässt sich nicht rückgängig machen.
   *[other] „{ $title }“ war das Letzte, was ich getan habe, und lässt sich nicht rückgängig machen. Das hier schon, wenn Sie den Knopf drücken:
}
undo-which = Was davon? Drücken Sie den Knopf dessen, was ich zurücknehmen soll:
undo-usage = { $offered ->
    [0] /undo nimmt die letzte Änderung zurück, „/undo 3“ das, was Aufgabe #3 getan hat. Jetzt gibt es nichts, was ich zurücknehmen könnte.
   *[other] /undo nimmt die letzte Änderung zurück, „/undo 3“ das, was Aufgabe #3 getan hat. Zurücknehmen kann ich:
}
undo-none-of = Nichts, was #{ $number } { $title } getan hat, lässt sich zurücknehmen.
command-alone = /{ $name } zeigt nur etwas an; „{ $given }“ hat nichts geändert.
task-number-needed = „{ $given }“ ist keine Aufgabennummer. Schreiben Sie die Nummer, die /tasks zeigt, etwa 3.
command-of-booking = Das geht mit den Knöpfen unter einer Buchung, oder Sie sagen es mir in Worten, etwa „verschiebe den Haarschnitt am Freitag auf 16 Uhr“.
