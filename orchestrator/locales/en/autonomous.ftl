autonomous-title = Autonomous mode: { $state }
autonomous-on = on, { $interval }
autonomous-off = off
autonomous-last = Last run: { $when }
autonomous-next = Next run: { $when }
autonomous-never = It has not run yet.
autonomous-under-way = A run is under way.
autonomous-what = It looks at your calendar, open questions, approvals, due and failed tasks; it acts only within your policy and budget, and writes only when there was something.
autonomous-requested = I am looking now. I write if there is something to do.
autonomous-too-soon = A run was set off less than a minute ago. Try again in { $seconds } seconds.
autonomous-busy = A run is under way already.
autonomous-guests = Autonomous mode is for the owner and members, in a private chat.
autonomous-not-understood = I did not understand "{ $text }". Try /autonomous on, /autonomous off, /autonomous run or an interval: { $intervals }.
autonomous-runs-title = The last runs:
autonomous-run-line = - { $when }: { $what }
autonomous-button-on = Switch on
autonomous-button-off = Switch off
autonomous-button-run = Run now
autonomous-button-runs = Last runs
autonomous-15min = every 15 min
autonomous-30min = every 30 min
autonomous-1hour = every hour
autonomous-3hours = every 3 hours
autonomous-6hours = every 6 hours
autonomous-12hours = every 12 hours
autonomous-24hours = every 24 hours
autonomous-run-idle = nothing to do
autonomous-run-acted = { $count ->
    [one] one thing done
   *[other] { $count } things done
}
autonomous-run-failed = { $count ->
    [one] one thing not done
   *[other] { $count } things not done
}
autonomous-run-missed = missed, I was not running
autonomous-run-skipped = skipped, the run before was still under way
autonomous-run-open = under way
autonomous-run-late = { $what } (late)
autonomous-report = { $count ->
    [one] I looked around and saw to one thing
   *[other] I looked around and saw to { $count } things
}
autonomous-report-failed = I looked around; not everything worked
autonomous-gave-up = The run broke off three times. I try again at the next time.
autonomous-still-open = This question is still open (#{ $number }):
autonomous-question = Asked again: "{ $title }" (#{ $number }) waits for your answer
autonomous-approval = Runs out { $when }: "{ $title }" waits for your approval
autonomous-credential = Runs out { $when }: the credentials for { $title } are still missing
autonomous-failed = Failed: "{ $title }" (#{ $number }): { $reason }. /retry { $number } tries it again
autonomous-retried = Tried again: "{ $title }" (#{ $number }) had failed: { $reason }
autonomous-due = Due { $when }: "{ $title }" (#{ $number })
autonomous-stuck = "{ $title }" (#{ $number }) has shown no sign of life for { $minutes } minutes. /cancel { $number } stops it
autonomous-clash = "{ $title }" and "{ $other }" overlap ({ $when })
autonomous-clash-free = "{ $title }" and "{ $other }" overlap ({ $when }). You would be free { $free }
autonomous-told = { $title }
autonomous-started = Started: "{ $title }" (#{ $number })
autonomous-started-failed = Started and failed: "{ $title }" (#{ $number })
autonomous-feed = The agent { $title } could not look ahead
autonomous-not-done = Not done: "{ $title }": { $why }
autonomous-why-error = an unexpected error
autonomous-why-budget = the budget is used up
autonomous-why-no-agent = no agent does this
