browser-look-summary = Look at a page of { $host } in a browser
browser-act-summary = Click and type on a page of { $host } ({ $count ->
    [one] one action
   *[other] { $count } actions
 }). This cannot be undone.
browser-step = Step { $number }
browser-click = Click on { $what }
browser-fill = Write into { $what }: { $value }
browser-select = Choose in { $what }: { $value }
browser-press = Press { $key }
browser-wait = Wait
browser-session = Session
browser-stay = Page
browser-stay-means = as this session left it; it is not loaded again
