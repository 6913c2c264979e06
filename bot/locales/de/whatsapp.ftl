whatsapp-choose = Auswählen
whatsapp-more = Mehr …
whatsapp-more-choices = Weitere Möglichkeiten:
whatsapp-waits = Eine Nachricht auf WhatsApp wartet: { $name } hat seit 24 Stunden nicht geschrieben, deshalb nimmt WhatsApp nur eine genehmigte Vorlage an, und für { $purpose } gibt es keine. Sie geht hinaus, sobald diese Person schreibt. docs/whatsapp.md sagt, wie man eine Vorlage einrichtet.
whatsapp-template-refused = WhatsApp hat die Vorlage für { $purpose } abgelehnt; eine Nachricht an { $name } wartet daher, bis diese Person schreibt. Sehen Sie im WhatsApp Manager nach.
