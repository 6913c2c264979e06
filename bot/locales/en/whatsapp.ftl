whatsapp-choose = Choose
whatsapp-more = More …
whatsapp-more-choices = More choices:
whatsapp-waits = A message on WhatsApp waits: { $name } has not written for 24 hours, so WhatsApp takes only an approved template, and there is none for { $purpose }. It goes out as soon as they write. docs/whatsapp.md says how a template is set up.
whatsapp-template-refused = WhatsApp refused the template for { $purpose }, so a message to { $name } waits until they write. Look at it in the WhatsApp Manager.
