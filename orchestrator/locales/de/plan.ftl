button-plan-approve = Starten
button-plan-edit = Ändern
button-plan-decline = Abbrechen
ask-decided-edit = Gut, was soll anders sein?
plan-title = Plan für #{ $number }: { $title }
plan-estimate = Etwa { $credits } Credits und { $seconds } Sekunden. Was etwas verändert, wird trotzdem noch einzeln gefragt.
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
