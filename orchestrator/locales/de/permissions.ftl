button-permission-offer = Solche erlauben …
button-permission-offer-this = Solche erlauben: { $summary }
button-permission-allow = Das erlauben
button-permission-no = Nein
button-permission-back = #{ $number } zurücknehmen
permission-question = **Soll ich das künftig ohne Rückfrage tun?** Genau das wäre erlaubt:
permission-what = - Was: `{ $tool }`
permission-to = - Nur an: { $recipients }
permission-at = - Nur über: { $hosts }
permission-agent = - Nur in Aufgaben der Art „{ $kind }“ (Agent { $agent })
permission-schedule = - Nur für den Zeitplan { $title }
permission-how-often = - Höchstens { $most } am Tag, bis { $until }
permission-limits = Nach allem anderen frage ich weiter, und auch hiernach, wenn ich sowohl Ihre eigenen Dinge als auch Texte anderer gelesen habe. Jeden Gebrauch melde ich. Zurücknehmen geht jederzeit: /permissions
permission-given = Erlaubt bis { $until }, als Erlaubnis #{ $number }. Jeden Gebrauch melde ich; /permissions nimmt sie zurück.
permission-not-given = Gut, ich frage weiter.
permission-used = Geschehen unter Ihrer Erlaubnis #{ $number } (heute { $used } von { $most }): { $summary } /permissions
permission-so-far = - Heute gebraucht: { $today }, insgesamt: { $used }
permission-taken-back = Die Erlaubnis #{ $number } ist zurückgenommen. Ab jetzt frage ich wieder.
permission-unknown = Eine Erlaubnis #{ $number } gibt es nicht. /permissions zeigt die vorhandenen.
permissions-none = Sie haben keine bleibende Erlaubnis gegeben: Ich frage jedes Mal.
permissions-title = { $count ->
    [one] Eine Erlaubnis gilt:
   *[other] { $count } Erlaubnisse gelten:
 }
permissions-which = Welche soll ich zurücknehmen?
