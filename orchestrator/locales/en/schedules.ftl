schedule-none = Nothing is scheduled.
schedule-title = { $count ->
    [one] One thing is scheduled:
   *[other] { $count } things are scheduled:
 }
schedule-line = - **{ $number }** { $title }: { $when }
rhythm-question = Shall I do this { $rhythm }, or once now: "{ $title }"?
rhythm-each = Yes, { $rhythm }
rhythm-now = Once, now
rhythm-once = once
rhythm-cron = by `{ $rule }`
rhythm-interval = every { $duration }
schedule-made = 🔁 Agreed, { $rhythm }: { $title } (**{ $number }**)
schedule-one = **{ $number }** { $title }: { $rhythm }
schedule-next = Next: { $when }
schedule-paused = It is paused.
schedule-ran = - { $when }: done
schedule-late = - { $when }: late
schedule-missed = - { $when }: missed, I was not running
schedule-skipped = - { $when }: left out
schedule-line-paused = - **{ $number }** { $title }: paused
schedule-more = More about one: /schedule { $number }
schedule-how = Try "/schedule every Monday at 9 send me the news", /schedule 3, or /schedule with run, pause, resume, skip or delete and a number.
schedule-unknown = There is no schedule { $number }. /schedule lists them.
schedule-too-many = You have { $most } schedules; delete one first: /schedule
schedule-run = { $number } { $title }: begun.
schedule-busy = { $number } { $title }: the one before is still under way.
schedule-not-skipped = { $number } { $title } is paused, so there is nothing to skip. /schedule resume { $number } lets it go on.
schedule-over = Schedule { $number } has no later time; it has ended.
schedule-deleted = Deleted: { $title } ({ $number }).
schedule-no-agent = I could not begin "{ $title }" (schedule { $number }): nobody here does this any more. /schedule delete { $number } ends it.
schedule-button-run = Run now
schedule-button-skip = Skip next
schedule-button-pause = Pause
schedule-button-resume = Go on
schedule-button-delete = Delete
