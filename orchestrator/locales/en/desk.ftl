progress = #{ $number } { $label }: { $percent } %
task-started = I am on it (#{ $number }) and will write to you here.
task-failed = That did not work (#{ $number } { $title }): { $reason }. Nothing was changed. Send /retry { $number } to try again.
task-unknown = You have no task #{ $number }. /tasks shows yours.
task-cannot = Task #{ $number } is { $state }; that is not possible now.
task-cancelled = Task #{ $number } is cancelled.
task-paused = Task #{ $number } is paused. /resume { $number } lets it go on.
task-resumed = Task #{ $number } goes on.
task-retried = Task #{ $number } is tried again.
task-stuck = Task #{ $number } ({ $title }) showed no sign of life for { $hours } hours, so I cancelled it. /retry is not possible; please ask again.
tasks-none = You have no tasks yet. Just write what you need.
tasks-idle = Nothing is running.
tasks-live = { $count ->
    [one] One task is open:
   *[other] { $count } tasks are open:
 }
tasks-recent = Lately:
stopped = { $count ->
    [0] Nothing was running.
    [one] Stopped: one task.
   *[other] Stopped: { $count } tasks.
 }
state-pending = waiting
state-planning = planning
state-in-progress = running
state-awaiting-input = waiting for your answer
state-awaiting-approval = waiting for your approval
state-awaiting-credentials = waiting for credentials
state-paused = paused
state-completed = done
state-failed = failed
state-cancelled = cancelled
dropped = All right, I have dropped it.
back-to = Back to my question:
not-understood-answer = Sorry, I could not read that as an answer.
clarify = I am not sure what you mean. Is it one of these?
what-instead = Sorry. What did you mean?
option-other = Something else
button-wrong = Not what I meant
button-done = Done
button-snooze-short = In 10 minutes
button-snooze-hour = In an hour
button-snooze-day = Tomorrow
button-hand-back = Hand back to the bot
button-pause = Pause
button-resume = Resume
button-cancel = Cancel
button-retry = Try again
maybe-wrong = I took this as: { $intent }.
press-taken = All right.
press-spent = This button was used already.
press-not-yours = This button is not for you.
press-unknown = I do not know this button any more.
command-unknown = I do not know /{ $name }. There are: { $commands }
command-owner-only = Only the owner can do that.
cannot-read-kind = I can only read text so far, so I have not looked at what you sent. Please write it in words.
why-text = You wrote: “{ $text }”
why-decision = I took it as “{ $intent }” and gave it to { $agent } (#{ $number }).
why-method = Decided by { $method }, { $percent } % sure.
why-runner-up = The next best guess was “{ $intent }”.
why-details = Read from it: { $details }
why-unknown = I kept no routing decision for #{ $number }.
method-command = your command
method-button = your choice
method-rule = a fixed rule
method-keywords = keywords
method-classifier = the local classifier
method-model = the language model
method-dialogue = the conversation
method-subtask = another task
where-received = received
where-routed = given to { $agent } ({ $percent } % sure)
where-started = begun ({ $percent } %)
where-waiting = waiting for you: { $question }
where-error = last trouble: { $reason }
where-ended = ended: { $state }
where-delivery-sent = reply delivered
where-delivery-queued = reply on its way
where-delivery-failed = reply could not be delivered
notifications-none = No unread notifications.
notifications-title = { $count ->
    [one] One unread notification:
   *[other] { $count } unread notifications:
 }
settings = Name: { $name }
    Language: { $language }
    Time zone: { $zone }
    Role: { $role }
    Say “I'm in Lisbon now” or “speak German” to change them.
language-en = English
language-de = German
language-es = Spanish
language-zh = Chinese
stats = { $total } tasks in all, { $today } in the last 24 hours, { $waiting } open. { $success } % succeeded. Model tokens: { $tokens }.
zone-question = Which time zone are you in? Press the button or name your city.
zone-yes = { $zone } is right
zone-set = { $moved ->
    [0] Noted: I reckon in { $zone }.
    [one] Noted: I reckon in { $zone }. One reminder moved along.
   *[other] Noted: I reckon in { $zone }. { $moved } reminders moved along.
 }
question-expired = Nobody answered my question for task #{ $number } ({ $title }), so I closed it. Nothing was done.
handover-begins = { $name } would like to speak to a person. { $reason }
    What was said:
    { $lines }

    Whatever you write here now goes to them, until you press the button or send /handback.
handover-ends = You are talking to the assistant again.
no-handover = No conversation is handed over right now.
reminder-done = Done: { $title }
reminder-snoozed = I will remind you again at { $when }: { $title }
intent-greeting = a greeting
intent-help = help
intent-thanks = thanks
intent-goodbye = a goodbye
intent-small-talk = small talk
intent-human-handover = speak to a person
intent-complaint-wrong = a complaint
intent-opening-hours = opening hours
intent-business-location = address
intent-business-contact = contact
intent-services-list = services
intent-price-inquiry = prices
intent-business-faq = a question about the business
intent-reminder-set = set a reminder
intent-reminder-list = show reminders
intent-reminder-change = change a reminder
intent-reminder-delete = delete a reminder
intent-reminder-done = mark a reminder done
intent-reminder-snooze = snooze a reminder
intent-appointment-booking = book an appointment
intent-appointment-reschedule = move an appointment
intent-appointment-cancel = cancel an appointment
intent-appointment-list = show my calendar
intent-appointment-availability = free times
intent-tasks-list = show tasks
intent-task-cancel = cancel a task
intent-task-pause = pause a task
intent-task-resume = resume a task
intent-task-status = status of a task
intent-why = why I did that
intent-settings-timezone = change the time zone
intent-settings-language = change the language
intent-setup = set-up
intent-setup-change = change the set-up
intent-history = what you asked before
intent-statistics = statistics
intent-prescription-refill = refill a prescription
intent-lab-results = lab results
intent-file-summary = work with a file
intent-email-send = send an e-mail
intent-email-campaign = an e-mail campaign
intent-web-browse = look something up on the web
intent-research = research
intent-data-processing = process data
intent-writing = write or translate
intent-study-planning = plan studies
intent-doctor-portal = log in to a portal
intent-shopping-list = a shopping list
intent-not-possible-yet = something I cannot do yet
intent-unclear = something unclear
intent-emergency = an emergency
intent-symptom = a symptom
message-failed = Something went wrong on my side with this message; nothing was done. Please write it in other words, or send /help.
