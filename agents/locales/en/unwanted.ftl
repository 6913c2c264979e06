reminder-what-still = You are welcome. What shall I remind you of?
reminder-untitled = I do not know what to remind you of, so I set no reminder. Just ask again.
reminder-none-of-name = I have no reminder “{ $title }”, so there is nothing to switch off.
reminder-unwanted = I have this reminder: { $title }. Shall I delete it?
reminder-do-delete = Delete it
reminder-keep = Keep
say-list-reminders = show my reminders
