# Schlüssel der HTTP-API: { $secret } wird einmal gezeigt.
apikey-made = **{ $name }** - dein neuer API-Schlüssel. Er wird nur hier und nur jetzt gezeigt: Kopiere ihn in dein Programm.
    `{ $secret }`
    Er handelt in deinem Namen bis { $until }. In { $minutes } Minuten nehme ich ihn aus diesem Chat.
apikey-hidden = Hier stand ein API-Schlüssel; er beginnt mit { $prefix }.
apikey-revoked = Der API-Schlüssel { $name } ({ $prefix }…) gilt nicht mehr.
apikey-none = Du hast keine API-Schlüssel. /apikey NAME macht einen.
apikey-title = { $count ->
    [one] Dein API-Schlüssel:
   *[other] Deine { $count } API-Schlüssel:
    }
apikey-used = zuletzt benutzt { $when }
apikey-unused = noch nicht benutzt
apikey-how = /apikey NAME macht noch einen.
apikey-private = Ein Schlüssel ist nur für deine Augen: Schreib mir /apikey in einem privaten Chat.
button-hide-key = Ich habe ihn, verbergen
button-revoke-key = { $name } widerrufen
