email-preview = Enviar un correo a { $recipients }: «{ $subject }». Una vez enviado no se puede recuperar.
email-from = De
email-to = Para
email-cc = Copia a
email-bcc = Copia oculta a
email-reply-to = Respuestas a
email-subject = Asunto
email-text = Texto
email-html = Como HTML
email-attachments = Adjuntos
email-ask-to = ¿A qué dirección de correo?
email-ask-to-of = ¿Cuál es la dirección de correo de { $name }?
email-ask-to-again = Necesito una dirección completa, como ana@example.com. ¿Cuál es?
email-ask-text = ¿Qué le escribo a { $recipients }?
email-ask-subject = ¿Qué asunto? Yo pondría: «{ $subject }»
email-ask-subject-open = ¿Qué asunto?
email-draft-prompt = Escribe el texto de un correo breve y cortés en español. Solo el texto, sin asunto ni espacios por rellenar. Debe decir: { $wish }
email-sent = Enviado a { $recipients }: «{ $subject }». Está en el registro de correo, con lo que sea de él. Ya ha salido y no se puede recuperar.
email-not-sent = El correo a { $recipients } no se ha enviado: { $reason }
email-no-address = No tengo una dirección de correo completa, así que no he escrito nada. Por ejemplo: «manda un correo a ana@example.com diciendo que llego tarde».
email-inbox-title = { $count ->
    [one] Un correo sin leer:
   *[other] { $count } correos sin leer, el más reciente primero:
}
email-inbox-line = - { $sender }: { $subject } ({ $when })
email-inbox-empty = No hay correo sin leer.
email-inbox-refused = No puedo mirar el buzón: { $reason }
email-mark-read-preview = Marcar un correo de { $mailbox } como leído
email-mark-unread-preview = Marcar un correo de { $mailbox } como no leído
email-save-preview = Guardar «{ $name }» de un correo entre los archivos
email-search-preview = Buscar en el buzón
email-read-preview = Leer un correo
email-bounces-preview = Mirar qué correos no se han podido entregar
email-not-for-guests = Solo quien pertenece a esta casa puede pedirme que escriba correos.
email-not-set-up = No puedo enviar correo: no hay ningún servidor de correo configurado. Defina SMTP_URL, por ejemplo smtps://user:password@host?from=me@example.com, y vuelva a iniciar Majordomo (más en docs/operations.md). Después pídamelo otra vez.
email-log-empty = Todavía no se ha enviado ningún correo para usted. Lo que espera su aprobación está en /approvals.
email-log-title = El registro de correo dice:
email-log-latest = No encuentro ningún correo a eso ni sobre eso. Los últimos enviados:
email-log-line = - { $recipients }: { $subject } ({ $when }): { $status }
