image-resize-summary = Eine Kopie von { $name } in anderer Größe anlegen: { $to }
image-convert-summary = { $name } in { $to } umwandeln
image-annotate-summary = Eine Kopie von { $name } beschriften: { $to }
image-generate-summary = Ein Bild von { $host } erzeugen lassen: { $to }
image-size = Größe
image-text = Text
image-prompt = Gesendete Beschreibung
