"""Emergencies and symptoms are recognised by rules; figures of speech and plain requests are left alone."""

from __future__ import annotations

import time

import pytest

from orchestrator.triage import emergencies
from orchestrator.triage.emergencies import Level, assess, normalise
from orchestrator.triage.intent_data import LANGUAGES, IntentDataError, load_builtin

EMERGENCIES = {
    "en": """
        I have chest pain
        my dad has terrible pains in his chest
        there's a crushing pressure on my chest and my left arm hurts
        I can't breathe
        my son cannot breathe properly
        she’s having trouble breathing
        he is not breathing
        I think my mother is having a stroke
        his face is drooping on one side
        my wife suddenly can't speak properly
        is this a heart attack?
        I want to kill myself
        I don't want to live anymore
        I'm thinking about suicide
        my husband is unconscious
        she fainted and won't wake up
        he's bleeding heavily
        the bleeding won't stop
        my baby is choking
        my daughter swallowed a battery
        my dog ate chocolate
        I took too many sleeping pills
        my throat is swelling after the peanuts
        please call an ambulance
        this is an emergency
        EMERGENCY!
        my lips are turning blue
        he had a seizure just now
        my waters broke
        worst headache of my life
        can I book an appointment, I have chest pains
        remind me to call the doctor, I cannot breathe
        book a haircut tomorrow and also my grandma just collapsed
        my cat was hit by a car
        I'm coughing up blood
    """,
    "de": """
        ich habe Brustschmerzen
        starke Schmerzen in der Brust
        mein Vater hat Druck auf der Brust
        ich bekomme keine Luft
        ich kann nicht atmen
        meine Tochter kriegt kaum noch Luft
        er atmet nicht mehr
        ich glaube, meine Mutter hat einen Schlaganfall
        der Mundwinkel hängt und sie kann plötzlich nicht mehr sprechen
        ist das ein Herzinfarkt?
        ich will mich umbringen
        ich will nicht mehr leben
        ich denke an Suizid
        mein Mann ist bewusstlos
        sie ist umgekippt und wacht nicht mehr auf
        er blutet stark
        die Blutung hört nicht auf
        mein Baby hat einen Knopf verschluckt
        mein Hund hat Schokolade gefressen
        ich habe zu viele Tabletten genommen
        mein Hals schwillt zu
        rufen Sie einen Krankenwagen
        das ist ein Notfall
        Notfall!
        seine Lippen sind blau
        er hat einen Krampfanfall
        die Fruchtblase ist geplatzt
        die schlimmsten Kopfschmerzen meines Lebens
        kann ich einen Termin haben, ich habe Schmerzen in der Brust
        erinnere mich an den Arzt, ich bekomme keine Luft
        meine Katze wurde vom Auto angefahren
        ich huste Blut
        meine Oma ist gerade zusammengebrochen
    """,
    "es": """
        tengo dolor en el pecho
        me duele mucho el pecho
        mi padre tiene una presión fuerte en el pecho
        no puedo respirar
        mi hijo casi no puede respirar
        le cuesta respirar
        no respira
        creo que mi madre tiene un ictus
        tiene la boca torcida y no puede hablar bien
        ¿esto es un infarto?
        quiero suicidarme
        me quiero morir
        no quiero vivir más
        mi marido está inconsciente
        se desmayó y no despierta
        está sangrando mucho
        no para de sangrar
        mi bebé se está ahogando
        mi hija se tragó una pila
        mi perro se comió chocolate
        he tomado demasiadas pastillas
        se me cierra la garganta
        llamen a una ambulancia
        es una emergencia
        ¡Emergencia!
        tiene los labios morados
        tiene convulsiones
        he roto aguas
        el peor dolor de cabeza de mi vida
        quiero pedir cita, tengo dolor en el pecho
        han atropellado a mi gato
        estoy tosiendo sangre
    """,
    "zh": """
        我胸口痛
        我爸爸胸口很疼
        胸闷喘不过气
        我无法呼吸
        孩子呼吸困难
        他没有呼吸了
        我妈妈好像中风了
        他嘴歪了，说话突然含糊
        是不是心脏病发作
        我想自杀
        我不想活了
        我老公昏迷了
        她晕倒了，叫不醒
        血流不止
        大出血
        宝宝被噎住了
        女儿误吞了电池
        狗吃了巧克力
        我吃了太多药
        喉咙肿得厉害，喘不上气
        快叫救护车
        这是紧急情况
        救命
        嘴唇发紫
        他在抽搐
        羊水破了
        从没这么严重的头痛
        帮我约医生，我胸口疼
        我的猫被车撞了
        他咳血了
    """,
    "mixed": """
        my chest feels tight and I'm sweating
        can't catch my breath
        husband collapsed on the floor please help
        I cut my wrist and there's so much blood
        there is blood everywhere
        my grandma fell and is not responding
        I'm going to end it all
        nobody would miss me if I was dead
        my kid drank bleach
        dog ate rat poison
        he's having a fit
        my left arm is numb and my face too
        I can't see on one eye suddenly
        she is pregnant and bleeding
        baby has stopped breathing
        severe allergic reaction after bee sting
        my toddler is unresponsive
        we had a car accident and my neck hurts
        I think I'm having a heart attack
        help, my dad has fallen down the stairs and is unconscious
        I overdosed
        I want to die
        mein Herz sticht und der linke Arm tut weh
        ich krieg keine luft mehr
        mein opa reagiert nicht mehr
        ich möchte nicht mehr leben
        ich will sterben
        mein sohn hat putzmittel getrunken
        es blutet ganz stark und hört nicht auf
        mein Baby atmet nicht
        Verdacht auf Schlaganfall
        ich kann meinen rechten Arm nicht mehr bewegen
        sie ist schwanger und blutet
        ich habe eine Überdosis genommen
        allergischer Schock
        Opa ist ohnmächtig geworden
        er hat sich mit dem Messer geschnitten und verliert viel Blut
        mein Kind erstickt
        ich tue mir was an
        siento una opresión en el pecho
        me falta el aire
        mi abuelo se ha desmayado
        mi hija no despierta
        quiero matarme
        pienso en suicidarme
        mi hijo bebió lejía
        hay mucha sangre
        no siento el brazo izquierdo
        estoy embarazada y sangro
        mi bebé no respira
        se cayó y está inconsciente
        creo que me está dando un infarto
        manden una ambulancia ya
        mi gato ha comido veneno
        reacción alérgica grave
        me he cortado las venas
        老人摔倒了没反应
        我喘不上气
        孩子吞了一个硬币
        狗吃了老鼠药
        她怀孕了在流血
        血一直止不住
        突然看不见了
        右边身体动不了
        我好像心梗了
        爷爷昏倒了
        宝宝没有呼吸
        我想死
        我老婆要生了
        严重过敏，喉咙肿起来了
        叫120
    """,
}

SYMPTOMS = {
    "en": """
        I've had a headache since yesterday
        I have a fever
        my daughter has a rash on her arm
        my tooth hurts
        I've got tooth pain on the left side
        should I come in?
        my baby won't eat
        my dog has been vomiting all night
        sore throat and a cough for three days
        I feel sick and dizzy
        my knee is swollen
        pain in my lower back
        my cat isn't eating
        I twisted my ankle
        a piece of my tooth broke off, what should I do
        how many ibuprofen can I take
        the wound looks infected
        I have a fever, should I book an appointment?
        is it normal that my gums bleed
        I got stung by a wasp
        my stomach hurts so much
        toothache
    """,
    "de": """
        ich habe seit gestern Kopfschmerzen
        ich habe Fieber
        meine Tochter hat Ausschlag am Arm
        mein Zahn tut weh
        Zahnschmerzen links oben
        soll ich vorbeikommen?
        mein Baby trinkt nicht
        mein Hund erbricht seit heute Nacht
        Halsschmerzen und Husten seit drei Tagen
        mir ist schlecht und schwindelig
        mein Knie ist geschwollen
        Schmerzen im unteren Rücken
        meine Katze frisst nicht mehr
        ich bin umgeknickt
        mir ist ein Stück Zahn abgebrochen, was soll ich tun
        wie viele Ibuprofen darf ich nehmen
        die Wunde ist entzündet
        ich habe Fieber, soll ich einen Termin machen?
        mein Zahnfleisch blutet
        ich wurde von einer Wespe gestochen
        mir tut der Bauch so weh
    """,
    "es": """
        me duele la cabeza desde ayer
        tengo fiebre
        mi hija tiene un sarpullido en el brazo
        me duele una muela
        dolor de muelas
        ¿debería ir al médico?
        mi bebé no quiere comer
        mi perro lleva toda la noche vomitando
        dolor de garganta y tos desde hace tres días
        tengo náuseas y mareos
        tengo la rodilla hinchada
        dolor en la espalda baja
        mi gata no come
        me torcí el tobillo
        se me rompió un diente, ¿qué hago?
        ¿cuántos ibuprofenos puedo tomar? ¿puedo tomar ibuprofeno con alcohol?
        la herida está infectada
        tengo fiebre, ¿debería pedir cita?
        me sangran las encías
        me picó una avispa
        me duele mucho la tripa
    """,
    "zh": """
        我从昨天开始头疼
        我发烧了
        女儿手臂上起疹子了
        我牙疼
        左边的牙很痛
        我要不要来看看
        宝宝不吃奶
        我的狗吐了一晚上
        嗓子疼，咳嗽三天了
        我恶心头晕
        膝盖肿了
        腰一直疼
        猫不吃东西
        我脚扭了
        牙齿断了一块，怎么办
        布洛芬能吃几片
        伤口发炎了
        我发烧了，要不要来
        牙龈出血
        被黄蜂蛰了
        肚子好疼
    """,
    "mixed": """
        my head is killing me
        I've been coughing for a week
        running nose and 38.5 fever
        my son has a temperature
        my wisdom tooth is swollen
        my back hurts when I sit
        my puppy is limping
        I threw up twice today
        my gums are bleeding
        there's a lump in my breast
        itchy red spots on my legs
        I feel really ill, is that serious
        lost a filling
        my daughter has ear ache
        my horse has diarrhea
        is it dangerous to take aspirin with alcohol
        mir tut der Rücken weh
        ich hab so Zahnweh
        meine Tochter hat 39 Fieber
        das Ohr tut weh
        ich habe mich übergeben
        mein Hund humpelt
        ich huste seit einer Woche
        eine Füllung ist rausgefallen
        rote juckende Flecken am Bein
        mein Kind will nicht trinken
        muss ich damit zum Arzt?
        ich fühle mich krank
        die Narbe ist rot und heiß
        me duele el oído
        mi hijo tiene 39 de fiebre
        llevo una semana tosiendo
        se me cayó un empaste
        mi perro cojea
        me encuentro fatal
        tengo el tobillo hinchado
        manchas rojas que pican en la pierna
        vomité dos veces hoy
        tengo un bulto en el pecho
        es grave si me sangra la nariz
        我头很晕
        宝宝发烧39度
        补的牙掉了
        我的狗瘸了
        腿上起红疹很痒
        一周了还在咳嗽
        耳朵疼
        感冒了怎么办
        眼睛又红又痒
        我不舒服
        要不要去医院
    """,
}

HARMLESS = {
    "en": """
        this price is a pain
        finding parking at your place is a real headache
        remind me to buy headache pills
        book a toothache appointment for Monday
        I have back pain, can I book a massage on Friday
        I'm dying to try your new colour
        I nearly had a heart attack when I saw the bill
        by a stroke of luck I got a table
        how much is a treatment for back pain
        do you treat migraines?
        I'm sick of waiting
        I'm ill and can't come to my appointment tomorrow
        cancel my appointment, I have a fever
        can you help me kill time
        remind me to take my fever medicine at 8
        add painkillers to my shopping list
        my car battery is dead
        do you offer first aid courses
        what is the emergency number of the practice?
        don't let me forget grandma's cough syrup
        I can't wait to see you
        my engine died on the motorway
        I could murder a pizza
        what time should I come in tomorrow
        I have no pain anymore, thanks
        the bleeding edge of hair design
        my appointment is at 3, is that normal
        is a physio session good for my knees
    """,
    "de": """
        die Preise tun echt weh
        der Parkplatz macht mir Kopfschmerzen
        erinnere mich daran, Kopfschmerztabletten zu kaufen
        Termin wegen Zahnschmerzen am Montag buchen
        ich habe Rückenschmerzen, kann ich am Freitag eine Massage haben
        ich sterbe vor Neugier
        ich hätte fast einen Herzinfarkt bekommen, als ich die Rechnung sah
        was kostet eine Behandlung bei Rückenschmerzen
        behandelt ihr Migräne?
        ich bin krank und kann morgen nicht kommen
        sag meinen Termin ab, ich habe Fieber
        wie ist die Notfallnummer der Praxis
        Hustensaft auf die Einkaufsliste
        mein Akku ist tot
        macht ihr Erste-Hilfe-Kurse
        ich habe Lampenfieber
        wann soll ich kommen
        um wie viel Uhr soll ich da sein
        ich habe keine Schmerzen mehr, danke
        ich fiebere dem Termin entgegen
        der Server ist zusammengebrochen
        tut mir leid
        die Farbe ist zu rot geworden
    """,
    "es": """
        este precio es un dolor
        aparcar ahí me da dolor de cabeza, ¿tenéis parking?
        recuérdame comprar pastillas para el dolor de cabeza
        reserva una cita por dolor de muelas el lunes
        me muero de ganas de ir
        casi me da un infarto al ver la factura
        ¿cuánto cuesta un tratamiento para el dolor de espalda?
        ¿tratan migrañas?
        estoy enfermo y no puedo ir a la cita
        cancela mi cita, tengo fiebre
        ¿cuál es el número de urgencias?
        jarabe para la tos a la lista de la compra
        la batería del coche está muerta
        ¿hacen cursos de primeros auxilios?
        estoy harto de esperar
        ya no tengo dolor, gracias
        ¿a qué hora tengo que ir?
        eso está mal
        fue un golpe de suerte
        lo siento mucho
    """,
    "zh": """
        这价格真让人头疼
        停车真是头疼
        提醒我买头痛药
        周一约个看牙疼的号
        笑死我了
        看到账单我差点心脏病发作
        治疗腰痛多少钱
        你们治偏头痛吗
        我生病了，明天来不了
        取消预约，我发烧了
        诊所的急诊电话是多少
        把止咳糖浆加到购物清单
        手机没电死机了
        有急救课吗
        累死了
        我已经不疼了，谢谢
        我几点来
        想死你了
    """,
    "mixed": """
        I'd kill for a coffee
        the traffic was murder
        you're breathing new life into my hair
        how do I stop the task
        this app makes me sick
        stroke order of this character
        can I pay in cash
        my hair is so dry
        my nails broke
        my car makes a strange noise when braking
        the heating is dead
        my phone died
        the tyre is flat
        what do you do against hair loss
        my dog needs his nails cut
        the colour came out too red
        please cut my hair short at the neck
        I want my eyebrows done
        table in the back please
        that cost me an arm and a leg
        can you give me a hand
        I'm head of the team
        the meeting is at the back office
        Rückruf bitte
        ich brauche ein Rezept gegen Heuschnupfen
        Haare bis zur Schulter schneiden
        mein Auto macht Geräusche
        der Motor ist kaputt
        tut mir leid, dass ich zu spät bin
        was soll ich mitbringen
        soll ich nüchtern kommen?
        Kopf hoch
        ich habe die Nase voll
        die Kosten tun weh
        es tut mir weh, das zu sagen
        voy a cortarme el pelo
        quiero cortarme las puntas
        me corto el pelo el viernes
        ¿tengo que ir en ayunas?
        me duele el bolsillo
        el coche hace un ruido raro
        estoy hasta las narices
        me muero por una pizza
        no me siento seguro con este precio
        头发剪到肩膀
        我的车有异响
        手头紧
        心疼钱
        这个颜色太红了
        要不要带医保卡
        我要来剪头发
        血压药快吃完了
        能做手部护理吗
        肩颈按摩多少钱
    """,
}


def lines(table: dict[str, str]) -> list[str]:
    return [line.strip() for block in table.values() for line in block.strip().splitlines()]


@pytest.mark.parametrize("text", lines(EMERGENCIES))
def test_an_emergency_is_seen_whatever_else_is_asked(text: str) -> None:
    assert assess(text) is Level.EMERGENCY


@pytest.mark.parametrize("text", lines(SYMPTOMS))
def test_a_symptom_is_seen(text: str) -> None:
    assert assess(text) is Level.SYMPTOM


@pytest.mark.parametrize("text", lines(HARMLESS))
def test_figures_of_speech_and_plain_requests_are_left_alone(text: str) -> None:
    assert assess(text) is None


def test_none_of_the_training_sentences_is_taken_for_one() -> None:
    data = load_builtin()
    wrong = [(sentence.text, assess(sentence.text)) for sentence in (*data.examples, *data.out_of_scope) if assess(sentence.text)]
    assert wrong == []


def test_case_accents_and_curly_apostrophes_do_not_matter() -> None:
    assert normalise("  Ich BEKOMME  keine Lüft’ ") == "ich bekomme keine luft'"
    assert assess("I CAN’T BREATHE") is Level.EMERGENCY
    assert assess("mi bebe NO RESPIRA") is Level.EMERGENCY


def test_it_costs_next_to_nothing_for_an_ordinary_message() -> None:
    assess("warm up")
    started = time.perf_counter()
    for _ in range(500):
        assess("could you move my appointment with Maria from Tuesday to Thursday afternoon")
    assert (time.perf_counter() - started) / 500 < 0.0005


def sections(section: str) -> str:
    """A document with the same section for each language."""
    return "{" + ", ".join(f"{language}: {section}" for language in LANGUAGES) + "}"


@pytest.mark.parametrize(
    ("content", "key"),
    [
        ("en: [", "document"),
        ("en: {}", "document"),
        ("{en: [], de: {}, es: {}, zh: {}}", "en"),
        ("{en: {emergency: text}, de: {}, es: {}, zh: {}}", "en.harmless"),
        ("{en: {harmless: [1]}, de: {}, es: {}, zh: {}}", "en.harmless[0]"),
        ("{en: {harmless: ['<body> hurts']}, de: {}, es: {}, zh: {}}", "en.harmless[0]"),
        (sections("{harmless: ['('], emergency: [a], symptom: [a], advice: [a], request: [a]}"), "en.harmless[0]"),
    ],
)
def test_malformed_rules_are_named(content: str, key: str) -> None:
    with pytest.raises(IntentDataError) as raised:
        emergencies.parse(content)
    assert raised.value.key == key
    assert "emergencies.yaml" in str(raised.value)
