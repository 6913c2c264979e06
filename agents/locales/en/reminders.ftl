reminder-set = I will remind you { $when }: { $title }
reminder-set-repeating = I will remind you { $rule }: { $title } (next { $when })
reminder-changed = Changed. I will remind you { $when }: { $title }
reminder-changed-repeating = Changed. I will remind you { $rule }: { $title } (next { $when })
reminder-when = When shall I remind you: { $title }?
reminder-when-untitled = When shall I remind you?
reminder-what = What shall I remind you of?
reminder-unread = I could not read “{ $words }” as a time. When exactly shall I remind you?
reminder-past = That time is over already. When shall I remind you instead?
reminder-full = You have 200 reminders and schedules, paused ones among them, and that is as many as I keep. Please delete some first.
reminder-gave-up = I could not make out a time, so I set no reminder. Just ask again.
reminder-earlier-failed = The appointment did not come about, so I set no reminder for it.
reminders-none = You have no reminders.
reminders-title = { $count ->
    [one] Your reminder:
   *[other] Your { $count } reminders:
 }
reminder-which-change = Which reminder shall I change?
reminder-which-delete = Which reminder shall I delete?
reminder-which-done = Which reminder is done?
reminder-deleted = Deleted: { $title }
reminders-delete-all = { $count ->
    [one] Shall I delete your one reminder?
   *[other] Shall I delete all { $count } reminders?
 }
reminders-all-deleted = { $count ->
    [one] One reminder is deleted.
   *[other] { $count } reminders are deleted.
 }
reminders-kept = All right, I have deleted nothing.
reminder-ended = Done: { $title }
reminder-later = I will remind you again { $when }: { $title }
reminder-nothing-rang = No reminder has gone off that I could put off.
reminder-due = ⏰ { $title }
reminder-due-late = ⏰ { $title } (late: it was due { $due })
button-delete-reminder = Delete
say-delete-reminder = delete reminder { $number }
time-soon = in 1 hour
time-evening = this evening
time-tomorrow = tomorrow at 9
yes = Yes
no = No
reminder-wake-up = wake up
reminder-timer = timer
reminders-none-then = You have no reminders for that time.
reminder-unlike = I have no reminder that fits exactly.
reminder-none-of-these = None of these
reminders-untouched = All right, I have changed nothing.
reminder-own-rhythm = “{ $title }” follows a rule with more than one time of day, so I changed nothing. Tell me its whole rhythm, such as “every Monday at 10”.
reminder-gone = “{ $title }” has ended meanwhile; there was nothing left to do.
reminder-paused = paused ({ $rule })
reminder-no-exception = I cannot leave out “{ $exception }”: it rings on those days, too.
reminder-shortened = That was long: I kept the first { $count } characters.
