mail-none = No mail has been sent for you yet.
mail-none-found = No mail was sent to or about that.
mail-title = { $count ->
    [one] The latest mail sent for you:
   *[other] The { $count } latest mails sent for you, the newest first:
 }
mail-line = - { $to }: { $subject } ({ $when }, through { $provider }): { $status }
mail-status-queued = about to leave
mail-status-sent = sent
mail-status-delivered = delivered
mail-status-bounced = came back
mail-status-failed = refused, nothing left
mail-status-unknown = handed over, no answer
mail-came-back = Your mail to { $recipient } (“{ $subject }”) came back: { $reason }. /mail shows the log.
