button-plan-approve = Starten
button-plan-edit = Ändern
button-plan-decline = Abbrechen
ask-decided-edit = Gut, was soll anders sein?
plan-title = Plan für #{ $number }: { $title }
plan-estimate = Etwa { $credits } Credits und { $seconds } Sekunden.
plan-start-approves = „Starten“ gibt auch die Schritte mit ✔ frei, genau so wie sie hier stehen und einmal.
plan-asks-later = Die Schritte mit ✋ bekommen ihren Inhalt aus früheren Schritten: Ich zeige, was dabei herauskommt, und frage dann.
plan-approved-by-start = ✔ Mit „Starten“ ist das freigegeben, so wie es hier steht.
plan-asked-later = ✋ Ich frage noch einmal, mit dem wirklichen Inhalt, bevor das geschieht.
plan-permitted = Geschieht unter einer bleibenden Erlaubnis von Ihnen.
plan-each = für jeden Eintrag von { $list }
plan-asks-first = ⏸ Vor diesem Schritt halte ich an und frage.
plan-change = Was soll anders sein? Wählen Sie einen Schritt, vor dem ich anhalte und frage, oder schreiben Sie, was geändert werden soll.
plan-stop-choice = Vor { $step } fragen
plan-stop-before = Bevor ich mit „{ $goal }“ weitermache, der nächste Schritt ist:
    { $step }
    Soll ich ihn ausführen?
plan-stopped-before = Sie haben vor diesem Schritt angehalten: { $step }
plan-cancelled = Sie haben den Plan abgebrochen, es wurde nichts getan.
plan-expired = Niemand hat den Plan rechtzeitig gestartet, es wurde nichts getan.
plan-yes = Ja
plan-no = Nein
