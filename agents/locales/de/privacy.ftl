help-data = **Ihre Daten**: /export gibt Ihnen alles, /forgetme löscht alles
