file-kept = Ich habe die Datei als { $name } in Ihrem Ordner abgelegt. Sagen Sie mir in Worten, was ich damit tun soll.
file-refused = Ich konnte die Datei nicht ablegen: { $reason }. Senden Sie sie noch einmal, oder eine kleinere.
credential-no-form = Ich kann die Zugangsdaten für { $service } hier nicht annehmen: WhatsApp behält jede Nachricht, und mein sicheres Formular hat keine öffentliche Adresse. Nichts wurde gespeichert. Der Betreiber kann MAJORDOMO_PUBLIC_URL setzen; oder beantworten Sie die Anfrage im Web-Chat.
