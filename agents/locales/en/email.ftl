email-preview = Send an e-mail to { $recipients }: “{ $subject }”. It cannot be taken back once it has left.
email-from = From
email-to = To
email-cc = Copy to
email-bcc = Blind copy to
email-reply-to = Answers to
email-subject = Subject
email-text = Text
email-html = As HTML
email-attachments = Attached
email-ask-to = To which e-mail address?
email-ask-to-of = What is the e-mail address of { $name }?
email-ask-to-again = I need a whole address, like ann@example.com. Which one?
email-ask-text = What shall I write to { $recipients }?
email-ask-subject = Which subject? I would write: “{ $subject }”
email-ask-subject-open = Which subject?
email-draft-prompt = Write the text of a short, polite e-mail in English. Only the text, without subject and without placeholders. It is to say: { $wish }
email-sent = Sent to { $recipients }: “{ $subject }”. It stands in the mail log, with what becomes of it. It has left and cannot be taken back.
email-not-sent = The mail to { $recipients } was not sent: { $reason }
email-no-address = I have no whole e-mail address, so I have written nothing. Try: “email ann@example.com that I'm late”.
email-inbox-title = { $count ->
    [one] One unread mail:
   *[other] { $count } unread mails, the newest first:
}
email-inbox-line = - { $sender }: { $subject } ({ $when })
email-inbox-empty = No unread mail.
email-inbox-refused = I cannot look into the mailbox: { $reason }
email-mark-read-preview = Mark a mail as read in { $mailbox }
email-mark-unread-preview = Mark a mail as unread in { $mailbox }
email-save-preview = Save “{ $name }” from a mail into the files
email-search-preview = Search the mailbox
email-read-preview = Read a mail
email-bounces-preview = Look which mails could not be delivered
email-not-for-guests = Only the owner and the members of this house can have me write mail.
email-not-set-up = I cannot send mail: no mail server is set up. Set SMTP_URL, such as smtps://user:password@host?from=me@example.com, and start Majordomo again (docs/operations.md says more). Then ask me again.
email-log-empty = No mail has been sent for you yet. What still waits for your approval is under /approvals.
email-log-title = The mail log says:
email-log-latest = I find no mail to or about that. The latest that were sent:
email-log-line = - { $recipients }: { $subject } ({ $when }): { $status }
