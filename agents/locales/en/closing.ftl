closing-asked = That was a question, so I changed nothing. Say it as a statement, for example: “our phone number is …”.
closing-sure = Shall I close { $day }? Nobody can book then.
closing-partly = I can close whole days only: the hours of a single day cannot be changed here. { $day }: we are open { $hours }. What shall I do?
closing-whole = Close all of { $day }
closing-every = Change it for every { $weekday }
closing-leave = Leave it as it is
closing-left = I left everything as it is.
closing-which-day = Which day do you mean? I can read, for example, “3 December” or “next Wednesday”.
closing-no-day = I could not read a day, so nothing is closed.
closing-which = Which closure shall I take back?
closing-none = No closure stands in the calendar.
closing-none-then = { $day }: no closure was noted that I could take back.
closing-opened = Noted: the closure is taken back for { $days }.
closing-more = { $count ->
    [one] And one more.
   *[other] And { $count } more.
}
closing-undo-closed = closed: { $days }
closing-undo-opened = open again: { $days }
closing-undo-changed = change: { $facts }
fact-hours = Opening hours
fact-services = Services and prices
zone-yours = Your time zone is { $zone }; it is { $clock } there. To change it, name a city: “I'm in Lisbon now”.
zone-there = { $zone }: it is { $clock } there. Your own time zone stays as it is; “I'm in Lisbon now” changes it.
