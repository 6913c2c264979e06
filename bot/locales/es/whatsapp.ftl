whatsapp-choose = Elegir
whatsapp-more = Más …
whatsapp-more-choices = Más opciones:
whatsapp-waits = Un mensaje de WhatsApp está en espera: { $name } no ha escrito en 24 horas, así que WhatsApp solo acepta una plantilla aprobada, y no hay ninguna para { $purpose }. Saldrá en cuanto escriba. docs/whatsapp.md explica cómo se prepara una plantilla.
whatsapp-template-refused = WhatsApp ha rechazado la plantilla para { $purpose }; un mensaje para { $name } espera hasta que escriba. Revísela en el administrador de WhatsApp.
