note-unknown-again = I was interrupted at the very moment of doing this, and you left it open whether it happened. If it did, doing it again does it twice.
left-in-doubt = #{ $number } was ended while I was doing this, and I cannot find out whether it happened: { $summary }. Please look for yourself; I do not repeat it.
task-failed-unclear = #{ $number } { $title } did not finish: { $reason }. It is not known whether this was done: { $unclear }. { $done ->
    [none] Nothing else was changed.
   *[other] This was done: { $done }.
 } Send /retry { $number } to go on; I ask before I do any of it again.
