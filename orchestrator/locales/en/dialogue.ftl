meant-question = Is this the answer to “{ $question }”, or something new?
meant-answer = It is the answer
meant-new = Something new
undo-of-calendar-book = booking: { $label }
undo-of-calendar-cancel = cancellation: { $label }
undo-of-calendar-move = move: { $label }
undo-of-reminders-create = new reminder: { $label }
undo-of-reminders-delete = deleted reminder: { $label }
undo-of-reminders-change = changed reminder: { $label }
undo-last-for-good = { $offered ->
    [0] “{ $title }” was the last thing I did, and it cannot be undone.
   *[other] “{ $title }” was the last thing I did, and it cannot be undone. These can, if you press the button:
}
undo-which = Which one? Press the button of what I shall take back:
undo-usage = { $offered ->
    [0] /undo takes back the last change, “/undo 3” what task #3 did. There is nothing that I could take back now.
   *[other] /undo takes back the last change, “/undo 3” what task #3 did. These can be taken back:
}
undo-none-of = Nothing that #{ $number } { $title } did can be taken back.
command-alone = /{ $name } only shows something, so “{ $given }” changed nothing.
task-number-needed = “{ $given }” is no task number. Write the number that /tasks shows, such as 3.
command-of-booking = This is done with the buttons under the notice of a booking, or tell me in words, such as “move the haircut on Friday to 4 pm”.
