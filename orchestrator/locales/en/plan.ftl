button-plan-approve = Start
button-plan-edit = Change
button-plan-decline = Cancel
ask-decided-edit = All right, what shall be different?
plan-title = Plan for #{ $number }: { $title }
plan-estimate = About { $credits } credits and { $seconds } seconds.
plan-start-approves = Start also approves the steps marked ✔, exactly as they stand here and once.
plan-asks-later = The steps marked ✋ take their content from earlier steps: I show you what comes of it, and ask then.
plan-approved-by-start = ✔ Start approves this, as it stands here.
plan-asked-later = ✋ I ask again, with the real content, before this is done.
plan-permitted = Done under a standing permission of yours.
plan-each = for each entry of { $list }
plan-asks-first = ⏸ I stop and ask before this step.
plan-change = What shall be different? Choose a step before which I stop and ask, or write what you want changed.
plan-stop-choice = Ask me before { $step }
plan-stop-before = Before I go on with “{ $goal }”, the next step is:
    { $step }
    Shall I do it?
plan-stopped-before = You stopped before this step: { $step }
plan-cancelled = You cancelled the plan, so nothing was done.
plan-expired = Nobody started the plan in time, so nothing was done.
plan-yes = Yes
plan-no = No
