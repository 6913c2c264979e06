button-provide = Angeben
button-new-link = Neuer Link
button-forget = { $service } vergessen
credential-wanted = **Für Aufgabe #{ $number } brauche ich Ihren Zugang zu { $service }.**
    Warum: { $reason }
    Er wird verschlüsselt aufbewahrt, nur bei { $host } verwendet und keinem Sprachmodell gezeigt. Mit /credentials vergesse ich ihn wieder.
credential-until = Liegt er bis { $when } nicht vor, frage ich noch einmal.
credential-until-last = Liegt er bis { $when } nicht vor, endet die Aufgabe ohne ihn.
credential-again = Niemand hat ihn rechtzeitig angegeben, darum frage ich noch einmal.
credential-expired = Niemand hat rechtzeitig geantwortet; dieser Knopf und sein Link bewirken nichts mehr.
credential-form = Öffnen Sie innerhalb von 10 Minuten diese Seite und geben Sie ihn dort ein: [{ $address }]({ $address })
credential-next-message = Schreiben Sie ihn als nächste Nachricht ({ $fields }, je eine Zeile). Ich nehme ihn heraus, bevor etwas gespeichert wird.
credential-unreadable = Ich habe herausgenommen, was Sie schrieben, und nichts davon behalten, konnte es aber nicht lesen. Ich brauche, je eine Zeile: { $fields }
credential-declined = Abgelehnt; nichts wurde aufbewahrt.
credential-kept = Verschlüsselt aufbewahrt.
credential-kept-now = Danke. Der Zugang zu { $service } ist verschlüsselt aufbewahrt, Ihre Nachricht wurde nicht gespeichert. Die Aufgabe geht weiter.
credential-ran-out = Niemand hat den Zugang zu { $service } rechtzeitig angegeben, darum endet Aufgabe #{ $number } ohne ihn. /retry { $number } fragt erneut.
credential-forgotten = Vergessen.
credential-used = zuletzt verwendet { $when }
credential-unused = noch nicht verwendet
credentials-none = Ich bewahre keine Zugänge von Ihnen auf.
credentials-title = { $count ->
    [one] Ich bewahre einen Zugang von Ihnen auf:
   *[other] Ich bewahre { $count } Zugänge von Ihnen auf:
 }
field-username = Benutzername
field-password = Passwort
field-token = Token
field-key = Schlüssel
field-api-key = API-Schlüssel
form-title = Zugang zu { $service }
form-send = Verschlüsselt aufbewahren
form-done = Danke. Sie können diese Seite schließen; im Chat geht es weiter.
form-gone = Dieser Link ist verbraucht oder zu alt. Drücken Sie im Chat auf „Neuer Link“.
form-missing = Bitte füllen Sie alle Felder aus.
credential-kept-by-form = Danke. Der Zugang zu { $service } ist verschlüsselt aufbewahrt. Die Aufgabe geht weiter.
