button-open = Öffnen
button-read-all = Alle als gelesen
button-show-all = Anzeigen
button-notice-settings = Einstellungen
button-quiet-on = Ruhe von 22:00 bis 7:00
button-quiet-off = Keine Ruhezeit
button-digest-on = Zusammenfassung um 8:00
button-digest-off = Keine Zusammenfassung
button-what = Worüber ich höre
button-test = { $place } testen
button-remove-place = { $place } entfernen
button-send-again = Noch einmal versuchen
button-kind-on = ✓ { $channel }
button-kind-off = ✗ { $channel }
press-all-read = Alle sind als gelesen markiert.
kind-reminder = Erinnerungen
kind-completed = Erledigt
kind-failed = Gescheitert
kind-approval = Warten auf Freigabe
kind-credential = Zugang nötig
kind-budget = Budget
kind-autonomous = Autonomer Modus
kind-health = Gesundheit und Termine
kind-alert = Warnungen
channel-chat = Chat
channel-discord = Discord
channel-email = E-Mail
channel-webhook = Webhook
digest-title = { $count ->
    [one] Eine Mitteilung
   *[other] { $count } Mitteilungen
 }
digest-more = und { $count } weitere
notices-marked = { $count ->
    [0] Es war nichts ungelesen.
    [one] Eine ist als gelesen markiert.
   *[other] { $count } sind als gelesen markiert.
 }
notices-settings = **Mitteilungen**
notices-quiet = Ruhezeit: { $from } bis { $to } ({ $zone }). Bis sie endet, wartet alles, was nicht dringend ist.
notices-no-quiet = Ruhezeit: keine
notices-digest = Zusammenfassung: täglich um { $at } ({ $zone }). Dringendes kommt sofort.
notices-no-digest = Zusammenfassung: keine
notices-place = { $channel }: { $shown }
notices-place-pending = { $channel }: { $shown }, der Code fehlt noch
notices-place-broken = { $channel }: { $shown }, geht nicht
notices-no-place = Anderswo: noch nirgends. Senden Sie /notifications discord, /notifications email oder /notifications webhook mit einer Adresse.
notices-off = Abgeschaltet: { $list }
notices-dead = { $count ->
    [one] Eine Nachricht konnte anderswo nicht zugestellt werden.
   *[other] { $count } Nachrichten konnten anderswo nicht zugestellt werden.
 }
notices-kinds = Was möchten Sie ändern?
notices-kind = **{ $kind }**: ein Druck schaltet einen Weg ein oder aus.
notices-chosen-on = { $kind } kommen ab jetzt über { $channel }.
notices-chosen-off = { $kind } kommen nicht mehr über { $channel }.
notices-here = Was ich ungefragt melde, kommt ab jetzt in diesen Chat.
notices-how = Das habe ich nicht verstanden. Zum Beispiel:
    /notifications keine Mitteilungen nach 22 Uhr
    /notifications Zusammenfassung um 8 Uhr
    /notifications off completed email
    /notifications test discord
notices-testing = Eine Probe ist unterwegs zu { $channel }.
notices-no-such-place = Für { $channel } ist nichts eingerichtet.
notices-removed = { $shown } bekommt nichts mehr, die Adresse ist vergessen.
notices-retried = { $count ->
    [0] Es war nichts unzugestellt.
    [one] Eine Nachricht wird noch einmal versucht.
   *[other] { $count } Nachrichten werden noch einmal versucht.
 }
notices-not-possible = Mitteilungen anderswohin lassen sich hier nicht einrichten.
notices-give-discord = Senden Sie die Webhook-Adresse aus Discord (Servereinstellungen → Integrationen → Webhooks). Ich nehme sie aus dem Chat und bewahre sie verschlüsselt auf.
notices-give-webhook = Senden Sie /notifications webhook und Ihre https-Adresse.
notices-give-email = Senden Sie /notifications email und Ihre Adresse.
place-added = Verschlüsselt aufbewahrt: { $shown }. Was ich ungefragt melde, geht auch dorthin.
place-secret = Verschlüsselt aufbewahrt: { $shown }. Jede Nachricht dorthin ist mit diesem Geheimnis signiert (HMAC-SHA256). Es wird nur jetzt gezeigt:
    `{ $secret }`
place-code-sent = Ich habe einen Code an { $shown } geschickt. Senden Sie innerhalb von 30 Minuten /notifications code und den Code.
place-code-wrong = Dieser Code ist falsch oder zu alt.
place-code-title = Ihr Code für Mitteilungen
place-code-text = Senden Sie dies im Chat, um Mitteilungen an dieser Adresse zu bekommen: /notifications code {"{code}"}
place-bad-discord = Das ist kein Discord-Webhook. Er sieht aus wie https://discord.com/api/webhooks/… und kommt aus den Einstellungen von Discord.
place-bad-webhook = Diese Adresse geht nicht: Sie muss mit https:// beginnen und ins öffentliche Internet führen.
place-bad-kind = Eine dieser Arten kenne ich nicht. Es gibt: { $kinds }
place-too-many = Es gibt schon fünf Webhooks: Entfernen Sie erst einen.
place-bad-email = Das ist keine E-Mail-Adresse.
place-no-mail = Von hier kann keine Post verschickt werden: Es ist kein Mailserver eingerichtet.
place-gone = Diesen Ort gibt es nicht mehr.
place-fails = { $shown } ist nicht mehr zu erreichen: { $reason }. Die Nachrichten sind aufbewahrt und lassen sich noch einmal versuchen.
test-title = Probe
test-text = So kommen Mitteilungen hier an.
notice-approval = Wartet bis { $when } auf Ihre Freigabe: { $summary }
notice-credential = Für Aufgabe #{ $number } wird der Zugang zu { $service } gebraucht.
mail-footer = Majordomo schickt Ihnen das, weil Sie darum gebeten haben. Zum Abstellen senden Sie im Chat /notifications.
field-task = Aufgabe
