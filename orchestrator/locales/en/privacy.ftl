export-done = Here is everything I know about you, as a file: messages, tasks and their steps, routes, reminders, notifications, bookings, approvals, effects, mails and what the audit log says of you. Stored credentials are in it by name, never by value.
forget-title = **Shall I forget you?** This would go, for good:
forget-tasks = { $count ->
    [one] - one task with all its steps; if it is running, it is stopped first
   *[other] - { $count } tasks with all their steps; those running are stopped first
 }
forget-messages = - all messages ({ $count } of yours, and my answers)
forget-schedules = { $count ->
    [one] - one reminder
   *[other] - { $count } reminders
 }
forget-bookings = { $count ->
    [one] - one upcoming appointment; the business learns that the time is free again
   *[other] - { $count } upcoming appointments; the business learns that the times are free again
 }
forget-credentials = { $count ->
    [one] - one stored credential
   *[other] - { $count } stored credentials
 }
forget-rest = - your name, settings and files, and the key to everything that was encrypted for you
forget-stays = This stays: the audit log, which is chained so that nobody can cut entries out. It says what was decided and done and when, under a number that leads to nobody any more, without any message of yours; only for whom a standing permission and for which service a credential was given. And what has left the house: mails sent, entries in outside calendars, and this chat on your device, which you delete there.
forget-only-owner = You are the only owner. Afterwards nobody is, until somebody pairs anew.
forget-export-first = If you want a copy first, send /export. The buttons work for 10 minutes.
button-forget-yes = Forget me for good
button-forget-no = Keep everything
forget-kept = Nothing was changed.
forget-closed = You asked to be forgotten.
forget-done = Done: everything about you is erased. If you write again, I will not know you.
forget-freed = Somebody asked to be forgotten. These appointments are cancelled and free again:
forget-freed-line = - { $service }: { $when }
intent-data-export = export my data
intent-forget-me = forget me
