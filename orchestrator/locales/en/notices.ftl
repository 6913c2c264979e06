button-open = Open
button-read-all = Mark all as read
button-show-all = Show them
button-notice-settings = Settings
button-quiet-on = Quiet from 22:00 to 7:00
button-quiet-off = No quiet hours
button-digest-on = Digest at 8:00
button-digest-off = No digest
button-what = What I am told of
button-test = Test { $place }
button-remove-place = Remove { $place }
button-send-again = Try again
button-kind-on = ✓ { $channel }
button-kind-off = ✗ { $channel }
press-all-read = All are marked as read.
kind-reminder = Reminders
kind-completed = Completed
kind-failed = Failed
kind-approval = Waiting for approval
kind-credential = Access needed
kind-budget = Budget
kind-autonomous = Autonomous mode
kind-health = Health and appointments
kind-alert = Alerts
channel-chat = Chat
channel-discord = Discord
channel-email = E-mail
channel-webhook = Webhook
digest-title = { $count ->
    [one] One notification
   *[other] { $count } notifications
 }
digest-more = and { $count } more
notices-marked = { $count ->
    [0] There was nothing unread.
    [one] One is marked as read.
   *[other] { $count } are marked as read.
 }
notices-settings = **Notifications**
notices-quiet = Quiet hours: { $from } to { $to } ({ $zone }). Until they end, everything waits but what is urgent.
notices-no-quiet = Quiet hours: none
notices-digest = Digest: every day at { $at } ({ $zone }). What is urgent comes at once.
notices-no-digest = Digest: none
notices-place = { $channel }: { $shown }
notices-place-pending = { $channel }: { $shown }, waiting for its code
notices-place-broken = { $channel }: { $shown }, does not work
notices-no-place = Elsewhere: nowhere yet. Send /notifications discord, /notifications email or /notifications webhook with an address.
notices-off = Switched off: { $list }
notices-dead = { $count ->
    [one] One message could not be delivered elsewhere.
   *[other] { $count } messages could not be delivered elsewhere.
 }
notices-kinds = What would you like to change?
notices-kind = **{ $kind }**: press a channel to switch it on or off.
notices-chosen-on = { $kind } will come by { $channel }.
notices-chosen-off = { $kind } will not come by { $channel } any more.
notices-here = What I tell you unasked comes to this chat from now on.
notices-how = I did not understand that. For example:
    /notifications quiet 22:00 7:00 or quiet off
    /notifications digest 8:00 or digest off
    /notifications off completed email
    /notifications test discord
notices-testing = A test is on its way to { $channel }.
notices-no-such-place = Nothing is set up for { $channel }.
notices-removed = { $shown } gets nothing any more, and its address is forgotten.
notices-retried = { $count ->
    [0] Nothing was left undelivered.
    [one] One message is tried again.
   *[other] { $count } messages are tried again.
 }
notices-not-possible = Notifications elsewhere cannot be set up here.
notices-give-discord = Send the webhook's address from Discord (Server settings → Integrations → Webhooks). I take it out of the chat and keep it encrypted.
notices-give-webhook = Send /notifications webhook and your https address.
notices-give-email = Send /notifications email and your address.
place-added = Kept, encrypted: { $shown }. What I tell you unasked goes there, too.
place-secret = Kept, encrypted: { $shown }. Every message there is signed (HMAC-SHA256) with this secret. It is shown only now:
    `{ $secret }`
place-code-sent = I have sent a code to { $shown }. Send /notifications code and the code, within 30 minutes.
place-code-wrong = That code is wrong or too old.
place-code-title = Your code for notifications
place-code-text = Send this in the chat to get notifications at this address: /notifications code {"{code}"}
place-bad-discord = That is not a Discord webhook. It looks like https://discord.com/api/webhooks/… and comes from Discord's own settings.
place-bad-webhook = That address cannot be used: it must begin with https:// and lead to the public internet.
place-bad-kind = I do not know one of these kinds. There are: { $kinds }
place-too-many = There are five webhooks already: remove one first.
place-bad-email = That is not an e-mail address.
place-no-mail = Mail cannot be sent from here: no mail server is set up.
place-gone = That place is not there any more.
place-fails = Nothing reaches { $shown } any more: { $reason }. The messages are kept; you can have them tried again.
test-title = Test
test-text = This is how notifications will arrive here.
notice-approval = Waits for your approval until { $when }: { $summary }
notice-credential = Access to { $service } is needed for task #{ $number }.
mail-footer = Majordomo sends you this because you asked for it. To stop it, send /notifications in the chat.
field-task = Task
