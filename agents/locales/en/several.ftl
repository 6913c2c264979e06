appointments-cancel-these = Shall I cancel all of these?
appointments-kept = All right, I have cancelled nothing.
appointment-one-at-a-time = I book one at a time: please ask for { $services } separately.
