http-get-summary = Eine Seite von { $host } lesen
http-send-summary = Daten an { $host } senden ({ $method }). Das lässt sich nicht rückgängig machen.
http-delete-summary = Etwas bei { $host } löschen. Das lässt sich nicht rückgängig machen.
http-address = Adresse
http-header = Kopfzeile { $name }
http-credential = Verwendete Zugangsdaten
http-body = Was gesendet wird ({ $kind })
