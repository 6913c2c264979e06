appointments-cancel-these = Soll ich diese alle absagen?
appointments-kept = In Ordnung, ich habe nichts abgesagt.
appointment-one-at-a-time = Ich buche eins nach dem anderen: Bitte fragen Sie { $services } gesondert an.
