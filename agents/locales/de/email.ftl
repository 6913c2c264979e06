email-preview = Eine E-Mail an { $recipients } senden: „{ $subject }“. Einmal unterwegs, lässt sie sich nicht zurückholen.
email-from = Von
email-to = An
email-cc = Kopie an
email-bcc = Blindkopie an
email-reply-to = Antworten an
email-subject = Betreff
email-text = Text
email-html = Als HTML
email-attachments = Anhang
email-ask-to = An welche E-Mail-Adresse?
email-ask-to-of = Wie lautet die E-Mail-Adresse von { $name }?
email-ask-to-again = Ich brauche eine vollständige Adresse wie anna@example.com. Welche ist es?
email-ask-text = Was soll ich an { $recipients } schreiben?
email-ask-subject = Welcher Betreff? Ich würde schreiben: „{ $subject }“
email-ask-subject-open = Welcher Betreff?
email-draft-prompt = Schreibe den Text einer kurzen, höflichen E-Mail auf Deutsch. Nur den Text, ohne Betreff und ohne Platzhalter. Er soll sagen: { $wish }
email-sent = Gesendet an { $recipients }: „{ $subject }“. Sie steht im Mailprotokoll, mit dem, was aus ihr wird. Sie ist unterwegs und lässt sich nicht zurückholen.
email-not-sent = Die Mail an { $recipients } wurde nicht gesendet: { $reason }
email-no-address = Ich habe keine vollständige E-Mail-Adresse und darum nichts geschrieben. Zum Beispiel: „maile anna@example.com, dass ich später komme“.
email-inbox-title = { $count ->
    [one] Eine ungelesene Mail:
   *[other] { $count } ungelesene Mails, die neueste zuerst:
}
email-inbox-line = - { $sender }: { $subject } ({ $when })
email-inbox-empty = Keine ungelesenen Mails.
email-inbox-refused = Ich kann nicht ins Postfach sehen: { $reason }
email-mark-read-preview = Eine Mail in { $mailbox } als gelesen markieren
email-mark-unread-preview = Eine Mail in { $mailbox } als ungelesen markieren
email-save-preview = „{ $name }“ aus einer Mail bei den Dateien ablegen
email-search-preview = Das Postfach durchsuchen
email-read-preview = Eine Mail lesen
email-bounces-preview = Nachsehen, welche Mails nicht zugestellt werden konnten
email-not-for-guests = Nur wer zu diesem Haus gehört, kann mich Mails schreiben lassen.
email-not-set-up = Ich kann keine E-Mail senden: Es ist kein Mailserver eingerichtet. Setzen Sie SMTP_URL, etwa smtps://user:password@host?from=me@example.com, und starten Sie Majordomo neu (mehr in docs/operations.md). Dann bitten Sie mich noch einmal.
email-log-empty = Es wurde noch keine E-Mail für Sie gesendet. Was noch auf Ihre Freigabe wartet, steht unter /approvals.
email-log-title = Im Mailprotokoll steht:
email-log-latest = Eine E-Mail an oder über das finde ich nicht. Die letzten gesendeten:
email-log-line = - { $recipients }: { $subject } ({ $when }): { $status }
