file-kept = I have kept the file as { $name } in your folder. Tell me in words what to do with it.
file-refused = I could not keep the file you sent: { $reason }. Send it again, or a smaller one.
credential-no-form = I cannot take the credentials for { $service } here: WhatsApp keeps every message, and my secure form has no public address. Nothing was stored. The operator can set MAJORDOMO_PUBLIC_URL; or answer this request in the web chat.
