stats-kind = - { $name }: { $total }, { $success } % succeeded, { $seconds } s on average
stats-queue = At the moment: { $depth } queued, { $running } running. Agents at work: { $agents }
stats-usage = In { $span }: { $tokens } tokens, { $credits } credits
stats-credential = Credentials for { $service }: used { $uses } times by { $tool } in 30 days
stats-mail = Mail in 30 days: { $total }, { $delivered } % delivered, { $failed } % failed
