mail-none = Es ist noch keine Mail für Sie gesendet worden.
mail-none-found = Dazu oder dorthin wurde keine Mail gesendet.
mail-title = { $count ->
    [one] Die letzte für Sie gesendete Mail:
   *[other] Die { $count } letzten für Sie gesendeten Mails, die neueste zuerst:
 }
mail-line = - { $to }: { $subject } ({ $when }, über { $provider }): { $status }
mail-status-queued = geht gleich hinaus
mail-status-sent = gesendet
mail-status-delivered = zugestellt
mail-status-bounced = zurückgekommen
mail-status-failed = abgelehnt, nichts ging hinaus
mail-status-unknown = übergeben, keine Antwort
mail-came-back = Ihre Mail an { $recipient } („{ $subject }“) kam zurück: { $reason }. /mail zeigt das Protokoll.
