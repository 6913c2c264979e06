closing-asked = Das war eine Frage, also habe ich nichts geändert. Sagen Sie es als Aussage, zum Beispiel: „unsere Telefonnummer ist …“.
closing-sure = Soll ich { $day } schließen? Dann kann niemand buchen.
closing-partly = Ich kann nur ganze Tage schließen; die Zeiten eines einzelnen Tages lassen sich hier nicht ändern. { $day }: geöffnet { $hours }. Was soll ich tun?
closing-whole = { $day } ganz schließen
closing-every = Für jeden { $weekday } ändern
closing-leave = So lassen
closing-left = Ich habe alles gelassen, wie es ist.
closing-which-day = Welchen Tag meinen Sie? Ich verstehe zum Beispiel „3. Dezember“ oder „nächsten Mittwoch“.
closing-no-day = Ich konnte keinen Tag lesen; es ist nichts geschlossen.
closing-which = Welche Schließung soll ich aufheben?
closing-none = Es ist keine Schließung eingetragen.
closing-none-then = { $day }: Es war keine Schließung eingetragen, die ich aufheben könnte.
closing-opened = Notiert: Die Schließung ist aufgehoben: { $days }.
closing-more = { $count ->
    [one] Und noch einer.
   *[other] Und { $count } weitere.
}
closing-undo-closed = Schließung: { $days }
closing-undo-opened = wieder offen: { $days }
closing-undo-changed = Änderung: { $facts }
fact-hours = Öffnungszeiten
fact-services = Leistungen und Preise
zone-yours = Ihre Zeitzone ist { $zone }; dort ist es { $clock }. Um sie zu ändern, nennen Sie eine Stadt: „ich bin jetzt in Lissabon“.
zone-there = { $zone }: Dort ist es { $clock }. Ihre eigene Zeitzone bleibt, wie sie ist; „ich bin jetzt in Lissabon“ ändert sie.
