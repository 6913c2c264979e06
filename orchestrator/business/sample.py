"""The majordomo.yaml of a first start: a sample business that says it is one, with every part explained."""

from __future__ import annotations

from pathlib import Path

SAMPLE = """\
# Majordomo's configuration. This is a SAMPLE business: change it to yours, and remove "sample: true".
# Changes are taken up while Majordomo runs; `majordomo doctor` checks this file.


business:
  name: Sample Salon
  sample: true
  profile: shop            # me, household, shop or practice
  # zone: Europe/Berlin    # left out: this machine's time zone
  currency: EUR

  address: Example Street 1
  directions:
    en: There is a car park behind the house, and bus line 5 stops at the door.
    de: Hinter dem Haus ist ein Parkplatz, und die Buslinie 5 hält vor der Tür.
    es: Detrás de la casa hay un aparcamiento, y la línea 5 de autobús para en la puerta.
    zh: 屋后有停车场，5 路公交车在门口停靠。
  phone: "+49 30 000000"
  email: hello@example.com

  hours:                   # days left out are closed
    monday: 9:00-18:00
    tuesday: 9:00-18:00
    wednesday: 9:00-18:00
    thursday: 9:00-18:00
    friday: 9:00-18:00
    saturday: 9:00-18:00
    sunday: 10:00-17:00
  # closures:
  #   - {first: 2026-12-24, last: 2026-12-26, reason: Christmas}

  staff: [Alex, Kim]

  services:                # minutes and price; price 0 is free
    - name: {en: haircut, de: Haarschnitt, es: corte de pelo, zh: 剪发}
      also: {en: [cut, trim, hair cut], de: [Haare schneiden, Haareschneiden, Schnitt, schneiden], es: [corte, cortarme el pelo, cortar el pelo, pelo], zh: [理发, 剪头发, 剪头, 头发, 剪个头, 理个发]}
      minutes: 30
      price: 35
    - name: {en: colouring, de: Färben, es: tinte, zh: 染发}
      also: {en: [color, colour, coloring, dye, highlights], de: [Farbe, Strähnchen, färben lassen], es: [color, teñir, mechas, coloración], zh: [染头发, 染色]}
      minutes: 90
      price: 80
    - name: {en: beard trim, de: Bartschnitt, es: arreglo de barba, zh: 修胡子}
      also: {en: [beard, shave], de: [Bart, Rasur], es: [barba, afeitado], zh: [胡子, 刮胡子]}
      minutes: 20
      price: 20
    - name: {en: consultation, de: Beratung, es: consulta, zh: 咨询}
      also: {en: [check-up, checkup, check up, advice, consult], de: [Beratungsgespräch, Vorgespräch, Check-up], es: [asesoría, asesoramiento, revisión], zh: [咨询服务, 检查]}
      minutes: 20
      price: 0

  booking:
    lead: 60               # minutes before which one cannot book any more
    step: 30               # appointments begin every so many minutes, counted from opening
    horizon: 60            # days ahead that can be booked
    remind: 24             # hours before; 0: no reminder

  faq:
    - question:
        en: [How can I pay?, Do you take cards?, Is cash accepted?, payment methods cash credit debit card visa mastercard apple google pay contactless]
        de: [Wie kann ich bezahlen?, Nehmen Sie Karten?, Kann ich bar zahlen?, Zahlung bar Bargeld Kreditkarte EC-Karte Visa Kartenzahlung Barzahlung Apple Pay kontaktlos]
        es: [¿Cómo puedo pagar?, ¿Aceptan tarjetas?, ¿Se puede pagar en efectivo?, pago efectivo metálico tarjeta de crédito débito visa bizum contado]
        zh: [怎么付款？, 可以刷卡吗？, 收现金吗？, 支付方式 现金 现钱 付现 信用卡 微信付款 支付宝]
      answer:
        en: You can pay by card or in cash.
        de: Sie können mit Karte oder bar bezahlen.
        es: Puede pagar con tarjeta o en efectivo.
        zh: 可以刷卡，也可以付现金。
    - question:
        en: [Where can I park?, Is there parking?, car park spaces]
        de: [Wo kann ich parken?, Gibt es Parkplätze?, Parkplatz Auto]
        es: [¿Dónde puedo aparcar?, ¿Hay aparcamiento?, parking coche]
        zh: [哪里可以停车？, 有停车位吗？, 停车场]
      answer:
        en: There is a free car park behind the house.
        de: Hinter dem Haus ist ein kostenloser Parkplatz.
        es: Detrás de la casa hay un aparcamiento gratuito.
        zh: 屋后有免费停车场。
    - question:
        en: [Do you take insurance?, Is it covered by my insurance?, health insurance plan accepted cover coverage]
        de: [Nehmen Sie Versicherungen?, Zahlt das meine Krankenkasse?, Versicherung Krankenkasse Kasse abrechnen übernehmen erstatten]
        es: [¿Aceptan seguros?, ¿Lo cubre mi seguro?, seguro médico mutua]
        zh: [接受保险吗？, 医保可以报销吗？, 保险]
      answer:
        en: We do not bill insurance; you pay us directly and get a receipt.
        de: Wir rechnen nicht mit Versicherungen ab; Sie bezahlen direkt und bekommen eine Quittung.
        es: No facturamos a seguros; usted paga directamente y recibe un recibo.
        zh: 我们不与保险公司结算；请直接付款，我们会开收据。
    - question:
        en: [What is your cancellation policy?, How late can I cancel?, What if I do not come?, cancellation fee no-show late missed]
        de: [Bis wann kann ich absagen?, Was kostet eine Absage?, Was ist wenn ich nicht komme?, Stornierung Absage Gebühr stornieren erscheinen auftauchen versäumter Termin]
        es: [¿Hasta cuándo puedo cancelar?, ¿Cobran por cancelar?, ¿Y si no voy?, política de cancelación anular antelación anulación presentarse cobrar]
        zh: [最晚什么时候可以取消？, 取消要收费吗？, 如果没去会怎么样？, 取消政策 爽约 没来]
      answer:
        en: You can cancel free of charge up to 24 hours before the appointment.
        de: Bis 24 Stunden vor dem Termin können Sie kostenlos absagen.
        es: Puede cancelar gratis hasta 24 horas antes de la cita.
        zh: 预约前 24 小时以上可以免费取消。
    - question:
        en: [What should I know for my first visit?, What do I need to bring?, first visit time new customer client arrive early]
        de: [Was muss ich beim ersten Besuch beachten?, Was soll ich mitbringen?, erster Besuch zum ersten Mal Neukunde Neukundin früher mitbringen]
        es: [¿Qué debo saber para mi primera visita?, ¿Qué tengo que traer?, primera visita primera vez cliente nuevo clienta nueva llevar llegar antes]
        zh: [第一次来要注意什么？, 需要带什么？, 第一次来 头一回 首次 新顾客 新客人 提前到]
      answer:
        en: For your first visit please come ten minutes early; you need not bring anything.
        de: Kommen Sie beim ersten Besuch bitte zehn Minuten früher; mitbringen müssen Sie nichts.
        es: En su primera visita venga diez minutos antes; no hace falta traer nada.
        zh: 第一次来请提前十分钟到，不需要带任何东西。

  # documents: ./documents   # a folder of Markdown files that questions may be answered from

  emergency:
    en: If this is an emergency, call 112 (or your local emergency number) now.
    de: Wenn das ein Notfall ist, rufen Sie jetzt 112 an.
    es: Si es una emergencia, llame ahora al 112.
    zh: 如果情况紧急，请立即拨打 120（或当地急救电话 112）。

# intents:                 # your own words for what people ask
#   opening_hours:
#     examples: {en: ["are the lights on at yours?"]}
"""


def sample_text() -> str:
    return SAMPLE


def write_sample(path: Path) -> None:
    """Write the sample where no configuration is yet; never over one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("x", encoding="utf-8") as file:
        file.write(SAMPLE)
