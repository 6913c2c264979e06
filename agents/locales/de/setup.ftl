setup-profile = Richten wir das ein; jede Frage lässt sich überspringen. Für wen arbeite ich?
setup-profile-me = Für mich
setup-profile-household = Ein Haushalt
setup-profile-shop = Ein Geschäft
setup-profile-practice = Eine Praxis
setup-your-name = Wie darf ich Sie nennen?
setup-business-name = Wie heißt das Geschäft?
setup-hours = Wann ist geöffnet? Zum Beispiel: Mo-Fr 9-18, Sa 9-14
setup-hours-unread = Diese Zeiten konnte ich nicht lesen und habe sie gelassen, wie sie sind. Später geht: „ändere unsere Öffnungszeiten auf Mo-Fr 9-17“.
setup-services = Was kann man buchen, wie lange dauert es, was kostet es? Zum Beispiel: Haarschnitt 30 Min 35 EUR, Färben 90 Min 80 EUR
setup-zone = In welcher Stadt oder Zeitzone?
setup-done = Danke, das ist alles. Alles lässt sich später ändern; sagen Sie es einfach.
setup-refused = Das kann ich nicht übernehmen: { $reason }
setup-what = Was soll ich ändern? Zum Beispiel: „Öffnungszeiten Mo-Fr 9-17“, „unser Name ist …“, „unsere Telefonnummer ist …“
setup-unread = Ich konnte nicht erkennen, was sich ändern soll. Versuchen Sie: „Öffnungszeiten Mo-Fr 9-17“ oder „unser Name ist …“. Alles andere nimmt die Datei majordomo.yaml auf.
setup-changed = Geändert. { $fact }: { $value }
setup-changed-hours = Geändert. Unsere Öffnungszeiten sind jetzt:
setup-changed-price = Geändert: der neue Preis gilt ab sofort.
setup-closed = Notiert: { $days } haben wir geschlossen, und niemand kann dann buchen.
setup-closed-booked = { $count ->
    [one] Ein Termin ist dann gebucht und bleibt bestehen, bis Sie ihn absagen oder verschieben:
   *[other] { $count } Termine sind dann gebucht und bleiben bestehen, bis Sie sie absagen oder verschieben:
}
fact-name = Name
fact-address = Adresse
fact-phone = Telefon
fact-email = E-Mail
button-skip = Überspringen
zone-which = In welcher Stadt oder Zeitzone sind Sie?
zone-unknown = Diesen Ort kenne ich nicht. Nennen Sie eine größere Stadt in der Nähe oder eine Zone wie Europe/Lisbon.
language-set = In Ordnung, ab jetzt spreche ich Deutsch mit Ihnen.
language-unknown = Ich spreche Englisch, Deutsch, Spanisch und Chinesisch. Was soll es sein?
setup-own-name = Notiert: Ich nenne Sie { $name }. Der Name des Geschäfts bleibt, wie er ist; „unser Name ist …“ ändert ihn.
