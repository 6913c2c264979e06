button-permission-offer = Allow such ones …
button-permission-offer-this = Allow such ones: { $summary }
button-permission-allow = Allow this
button-permission-no = No
button-permission-back = Take back #{ $number }
permission-question = **Shall I do this in future without asking?** Exactly this would be allowed:
permission-what = - What: `{ $tool }`
permission-to = - Only to: { $recipients }
permission-at = - Only through: { $hosts }
permission-agent = - Only in tasks of the kind “{ $kind }” (agent { $agent })
permission-schedule = - Only for the schedule { $title }
permission-how-often = - At most { $most } a day, until { $until }
permission-limits = Everything else is still asked about, and so is this where I have read both your own things and texts by others. I tell you of every use. You can take it back at any time: /permissions
permission-given = Allowed until { $until }, as permission #{ $number }. I tell you of every use; /permissions takes it back.
permission-not-given = All right, I go on asking.
permission-used = Done under your permission #{ $number } ({ $used } of { $most } today): { $summary } /permissions
permission-so-far = - Used today: { $today }, in all: { $used }
permission-taken-back = Permission #{ $number } is taken back. From now on I ask again.
permission-unknown = There is no permission #{ $number } in force. /permissions shows those there are.
permissions-none = You have given no standing permissions: I ask every time.
permissions-title = { $count ->
    [one] One permission is in force:
   *[other] { $count } permissions are in force:
 }
permissions-which = Which one shall I take back?
