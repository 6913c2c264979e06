browser-look-summary = Eine Seite von { $host } im Browser ansehen
browser-act-summary = Auf einer Seite von { $host } klicken und schreiben ({ $count ->
    [one] eine Handlung
   *[other] { $count } Handlungen
 }). Das lässt sich nicht rückgängig machen.
browser-step = Schritt { $number }
browser-click = Auf { $what } klicken
browser-fill = In { $what } schreiben: { $value }
browser-select = In { $what } wählen: { $value }
browser-press = { $key } drücken
browser-wait = Warten
browser-session = Sitzung
browser-stay = Seite
browser-stay-means = so, wie diese Sitzung sie verlassen hat; sie wird nicht neu geladen
