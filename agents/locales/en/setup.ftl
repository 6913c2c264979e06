setup-profile = Let us set this up; you can skip every question. Whom do I work for?
setup-profile-me = For me
setup-profile-household = A household
setup-profile-shop = A shop
setup-profile-practice = A practice
setup-your-name = What may I call you?
setup-business-name = What is the business called?
setup-hours = When is it open? For example: Mon-Fri 9-18, Sat 9-14
setup-hours-unread = I could not read those hours, so I left them as they are. You can say later: “change our opening hours to Mon-Fri 9-17”.
setup-services = What can be booked, how long does it take, what does it cost? For example: haircut 30 min 35 EUR, colouring 90 min 80 EUR
setup-zone = In which city or time zone?
setup-done = Thank you, that is all. Everything can be changed later by just saying so.
setup-refused = I cannot take that over: { $reason }
setup-what = What shall I change? For example: “opening hours Mon-Fri 9-17”, “our name is …”, “our phone number is …”
setup-unread = I could not make out what to change. Try: “opening hours Mon-Fri 9-17” or “our name is …”. The file majordomo.yaml takes everything else.
setup-changed = Changed. { $fact }: { $value }
setup-changed-hours = Changed. Our opening hours now:
setup-changed-price = Changed: the new price counts from now on.
setup-closed = Noted: we are closed on { $days }, and nobody can book then.
setup-closed-booked = { $count ->
    [one] One appointment is booked then and stays until you cancel or move it:
   *[other] { $count } appointments are booked then and stay until you cancel or move them:
}
fact-name = Name
fact-address = Address
fact-phone = Phone
fact-email = E-mail
button-skip = Skip
zone-which = Which city or time zone are you in?
zone-unknown = I do not know that place. Name a larger city nearby, or a zone like Europe/Lisbon.
language-set = All right, I speak English with you now.
language-unknown = I speak English, German, Spanish and Chinese. Which shall it be?
setup-own-name = Noted: I call you { $name }. The name of the business stays as it is; “our name is …” changes that.
