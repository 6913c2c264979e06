autonomous-title = Autonomer Modus: { $state }
autonomous-on = an, { $interval }
autonomous-off = aus
autonomous-last = Letzter Lauf: { $when }
autonomous-next = Nächster Lauf: { $when }
autonomous-never = Er ist noch nicht gelaufen.
autonomous-under-way = Ein Lauf ist gerade im Gang.
autonomous-what = Er sieht nach Kalender, offenen Fragen, Freigaben, fälligen und gescheiterten Aufgaben; er handelt nur im Rahmen deiner Regeln und deines Budgets und schreibt nur, wenn etwas war.
autonomous-requested = Ich sehe jetzt nach. Ich schreibe, wenn es etwas zu tun gibt.
autonomous-too-soon = Vor weniger als einer Minute wurde schon ein Lauf angestoßen. Versuch es in { $seconds } Sekunden wieder.
autonomous-busy = Ein Lauf ist schon im Gang.
autonomous-guests = Den autonomen Modus gibt es für Besitzer und Mitglieder, im privaten Chat.
autonomous-not-understood = „{ $text }“ habe ich nicht verstanden. Versuch /autonomous on, /autonomous off, /autonomous run oder einen Abstand: { $intervals }.
autonomous-runs-title = Die letzten Läufe:
autonomous-run-line = - { $when }: { $what }
autonomous-button-on = Einschalten
autonomous-button-off = Ausschalten
autonomous-button-run = Jetzt laufen
autonomous-button-runs = Letzte Läufe
autonomous-15min = alle 15 min
autonomous-30min = alle 30 min
autonomous-1hour = jede Stunde
autonomous-3hours = alle 3 Stunden
autonomous-6hours = alle 6 Stunden
autonomous-12hours = alle 12 Stunden
autonomous-24hours = alle 24 Stunden
autonomous-run-idle = nichts zu tun
autonomous-run-acted = { $count ->
    [one] eine Sache erledigt
   *[other] { $count } Sachen erledigt
}
autonomous-run-failed = { $count ->
    [one] eine Sache nicht erledigt
   *[other] { $count } Sachen nicht erledigt
}
autonomous-run-missed = verpasst, ich lief nicht
autonomous-run-skipped = ausgelassen, der Lauf davor war noch im Gang
autonomous-run-open = im Gang
autonomous-run-late = { $what } (verspätet)
autonomous-report = { $count ->
    [one] Ich habe nachgesehen und mich um eine Sache gekümmert
   *[other] Ich habe nachgesehen und mich um { $count } Sachen gekümmert
}
autonomous-report-failed = Ich habe nachgesehen; nicht alles hat geklappt
autonomous-gave-up = Der Lauf brach dreimal ab. Beim nächsten Mal versuche ich es wieder.
autonomous-still-open = Diese Frage ist noch offen (#{ $number }):
autonomous-question = Noch einmal gefragt: „{ $title }“ (#{ $number }) wartet auf deine Antwort
autonomous-approval = Läuft ab { $when }: „{ $title }“ wartet auf deine Freigabe
autonomous-credential = Läuft ab { $when }: Die Zugangsdaten für { $title } fehlen noch
autonomous-failed = Gescheitert: „{ $title }“ (#{ $number }): { $reason }. /retry { $number } versucht es noch einmal
autonomous-retried = Noch einmal versucht: „{ $title }“ (#{ $number }) war gescheitert: { $reason }
autonomous-due = Fällig { $when }: „{ $title }“ (#{ $number })
autonomous-stuck = „{ $title }“ (#{ $number }) gibt seit { $minutes } Minuten kein Lebenszeichen. /cancel { $number } bricht ab
autonomous-clash = „{ $title }“ und „{ $other }“ überschneiden sich ({ $when })
autonomous-clash-free = „{ $title }“ und „{ $other }“ überschneiden sich ({ $when }). Frei wärst du { $free }
autonomous-told = { $title }
autonomous-started = Begonnen: „{ $title }“ (#{ $number })
autonomous-started-failed = Begonnen und gescheitert: „{ $title }“ (#{ $number })
autonomous-feed = Der Agent { $title } konnte nicht vorausschauen
autonomous-not-done = Nicht erledigt: „{ $title }“: { $why }
autonomous-why-error = ein unerwarteter Fehler
autonomous-why-budget = das Budget ist aufgebraucht
autonomous-why-no-agent = dafür gibt es keinen Agenten
