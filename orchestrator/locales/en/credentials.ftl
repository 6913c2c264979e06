button-provide = Provide
button-new-link = New link
button-forget = Forget { $service }
credential-wanted = **I need your access to { $service } for task #{ $number }.**
    Why: { $reason }
    It is kept encrypted, used only at { $host }, and never shown to a language model. You can make me forget it with /credentials.
credential-until = If it is not there by { $when }, I ask once more.
credential-until-last = If it is not there by { $when }, the task ends without it.
credential-again = Nobody gave it in time, so I ask once more.
credential-expired = Nobody answered in time; this button and its link do nothing any more.
credential-form = Open this page within 10 minutes and enter it there: [{ $address }]({ $address })
credential-next-message = Write it as your next message ({ $fields }, one on each line). I take it out before anything is stored.
credential-unreadable = I have taken out what you wrote and kept nothing of it, but I could not read it. I need, one on each line: { $fields }
credential-declined = Declined; nothing was kept.
credential-kept = Kept encrypted.
credential-kept-now = Thank you. The access to { $service } is kept encrypted, and your message was not stored. The task goes on.
credential-ran-out = Nobody gave the access to { $service } in time, so task #{ $number } ends without it. /retry { $number } asks again.
credential-forgotten = Forgotten.
credential-used = last used { $when }
credential-unused = not used yet
credentials-none = I keep no credentials of yours.
credentials-title = { $count ->
    [one] I keep one credential of yours:
   *[other] I keep { $count } credentials of yours:
 }
field-username = user name
field-password = password
field-token = token
field-key = key
field-api-key = API key
form-title = Access to { $service }
form-send = Keep encrypted
form-done = Thank you. You can close this page; the task goes on in the chat.
form-gone = This link has been used or is too old. Press “New link” in the chat.
form-missing = Please fill in every field.
credential-kept-by-form = Thank you. The access to { $service } is kept encrypted. The task goes on.
