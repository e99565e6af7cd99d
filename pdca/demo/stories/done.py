"""What has ended: closed with the customer's word, stopped, declined; and what was parked."""

from __future__ import annotations

from pdca.demo.stories import story
from pdca.demo.walk import Walk, colleague, external
from pdca.items.answers import CustomerAnswer
from pdca.items.terms import CustomerType, Importance, Kind, Quote, Solved, Verdict


@story(-232)
def moving_along(w: Walk) -> None:
    """Closed long ago: this week the customer is asked whether it stayed away."""
    w.capture(
        "anouk",
        "Bovenaan het verhuisformulier staat wie u kunt meeverhuizen",
        problem="“Ik dacht dat mijn zoon van zestien vanzelf meeverhuisde. Hij stond nog weken op het oude adres.”",
        noticeable="U ziet meteen voor wie u de verhuizing mag doorgeven, en voor wie niet.",
        customer=external("Mevrouw S. Kramer", "s.kramer@example.net"),
        service="Verhuizing doorgeven",
        channel="telefoon",
    )
    w.on(-230).take_up("anouk")
    w.on(-225).start("anouk", w.stage.days.day(-190))
    w.on(-192).finish("anouk", "Boven het formulier staat nu een rijtje met wie u kunt meeverhuizen.")
    w.asked().later(1).answered(Solved.YES, 8, "Nu was het in één keer goed.").followed()
    w.on(-170).embed("anouk")
    w.on(-165).close(
        "anouk", "We legden het pas uit nadat iemand een fout maakte.", "Uitleg boven het formulier zetten."
    )


@story(-205)
def birth_once(w: Walk) -> None:
    """An improvement action with its whole aftercare: two, six and thirteen weeks."""
    w.capture(
        "samira",
        "Geboorteaangifte: ouders noemen hun gegevens nog maar één keer",
        kind=Kind.IMPROVEMENT,
        problem="“We spelden onze namen drie keer: bij de balie, voor de akte en voor de brief. Met een baby.”",
        noticeable="U noemt uw gegevens één keer; de akte en de brief kloppen meteen.",
        customer=external("Lisa en Mark Timmer", "lisa.timmer@example.org"),
        service="Geboorteaangifte",
        channel="balie",
    )
    w.on(-203).take_up("gerrit", owner_id=w.who("samira").id)
    w.on(-201).accept("samira", "Ik zorg dat ouders hun gegevens één keer noemen en vraag na of dat lukt.")
    w.on(-196).plan_action(
        "samira",
        due=w.stage.days.day(-140),
        purpose="Ik wil met mijn kind naar huis, niet drie keer mijn naam spellen.",
        mark=5,
        test=(
            "balie 2, op dinsdag",
            "De aangifte duurt tien minuten in plaats van twintig.",
            "We klokken tien aangiften.",
        ),
        groups=["Ouders van een pasgeboren kind"],
        touchpoint=("balie", "wij nemen de aangifte op"),
        root_cause="Drie systemen vroegen elk hun eigen invoer.",
    )
    w.on(-193).start("samira")
    w.on(-160).comment(
        "samira", "Bij de proef op dinsdag duurde een aangifte gemiddeld **negen minuten**. @Gerrit, we gaan door."
    )
    w.on(-145).finish("samira", "De akte en de brief nemen de gegevens van de aangifte over.")
    w.asked().later(1).answered(Solved.YES, 8, "Veel rustiger zo.", quote=Quote.ANONYMOUS)
    w.later(1).judged("samira", Verdict.EFFECTIVE)
    w.embed("samira", "Gemiddeld negen minuten, voorspeld was tien.")
    w.asked().later(1).answered(Solved.YES, 9).later(1).judged("samira", Verdict.EFFECTIVE)
    w.asked().later(1).answered(Solved.YES, 9, "Ga zo door!").later(1).judged("samira", Verdict.EFFECTIVE)
    w.later(2).close(
        "samira",
        "Niemand had ooit naast een ouder gestaan om te kijken hoe vaak zij iets moesten herhalen.",
        "Eerst een uur meekijken, dan pas iets bedenken.",
        standard=("Werkinstructie geboorteaangifte, stap 2", "samira"),
    )


@story(-150)
def right_entrance(w: Walk) -> None:
    """Closed after two rounds: the first did not work, and the customer heard why."""
    w.capture(
        "thijs",
        "De afspraakmail noemt de ingang aan het Marktplein",
        problem="“Ik stond met mijn rollator voor een dichte deur. In de mail stond de oude ingang.”",
        noticeable="In elke mail over uw afspraak staat de ingang die open is, met een kaartje.",
        customer=external("Mevrouw A. Dogan", "a.dogan@example.org"),
        service="Afspraak maken",
        channel="balie",
    )
    w.on(-148).take_up("thijs")
    w.on(-146).start("thijs", w.stage.days.day(-130))
    w.on(-134).finish("thijs", "De bevestiging noemt nu het Marktplein.")
    w.asked().later(1).answered(
        Solved.NO, 4, "De herinnering van de dag ervoor stuurde me weer naar de oude deur."
    ).followed()
    w.tell_next(
        "thijs",
        "U had gelijk: we vergaten de herinnering. Die passen we deze maand ook aan. We mailen u als het klaar is.",
    )
    w.later(2).next_round("thijs", "We pasten één mail aan en wisten niet dat de herinnering een eigen tekst heeft.")
    w.later(2).start("thijs", w.today_plus(14))
    w.later(8).finish("thijs", "Alle vier de mails over een afspraak hebben nu dezelfde tekst en het kaartje.")
    w.asked().later(2).answered(Solved.YES, 8, "Ik liep er in één keer naartoe.", quote=Quote.NAMED).followed()
    w.embed("thijs").later(3)
    w.close("thijs", "Een tekst die op vier plekken staat, verander je op vier plekken.", "Eén bron voor de route.")


@story(-142)
def reading_glasses(w: Walk) -> None:
    """An ordinary quick win, closed with a nine."""
    w.capture(
        "anouk",
        "Leesbrillen te leen aan balie 1 en 2",
        problem="“Ik moest tekenen zonder dat ik kon lezen wat er stond. Mijn bril lag thuis.”",
        noticeable="Aan de balie ligt een leesbril die u even kunt lenen.",
        customer=external("De heer W. Schouten", "w.schouten@example.net"),
        channel="balie",
    )
    w.on(-140).take_up("anouk").label("anouk", "hal", "toegankelijk")
    w.on(-136).start("anouk", w.stage.days.day(-120))
    w.on(-122).finish("anouk", "Drie leesbrillen per balie, in drie sterktes.")
    w.asked().later(1).answered(Solved.YES, 9, "Wat attent.", quote=Quote.NAMED).followed()
    w.embed("anouk").later(2).close("anouk", "Voor twaalf euro was het opgelost; we praatten er een jaar over.")


@story(-118)
def self_service_tablets(w: Walk) -> None:
    """Stopped by the leader, with its lesson."""
    w.capture(
        "dewi",
        "Tablet aan elke balie om zelf uw gegevens in te vullen",
        kind=Kind.IMPROVEMENT,
        problem="Het overtypen van formulieren kost tijd en geeft fouten.",
        noticeable="U typt uw gegevens zelf en ziet meteen of ze kloppen.",
        customer=CustomerAnswer(CustomerType.GROUP, "Bezoekers van de publiekshal"),
        channel="werkoverleg",
    )
    w.on(-114).take_up("gerrit", owner_id=w.who("dewi").id)
    w.on(-112).accept("dewi", "Ik zoek uit of bezoekers een tablet prettig vinden.")
    w.on(-96).comment("dewi", "Van de twaalf mensen die ik vroeg, wilden er tien liever geholpen worden.")
    w.on(-88).stop(
        "ilse",
        "Bezoekers willen het niet: tien van de twaalf vragen liever hulp.",
        "Vraag eerst of iemand op de oplossing wacht.",
    )


@story(-104)
def moved_away(w: Walk) -> None:
    """Closed without reaching the customer: other evidence, judged by somebody else."""
    w.capture(
        "samira",
        "Op het uittreksel staat hoe lang het geldig is",
        problem="“De notaris stuurde me terug: mijn uittreksel was te oud. Dat stond er niet op.”",
        noticeable="Bij het uittreksel krijgt u een kaartje: zo lang kunt u het gebruiken.",
        customer=external("De heer F. Wagenaar", "f.wagenaar@example.net"),
        service="Uittreksel",
        channel="telefoon",
    )
    w.on(-102).take_up("samira")
    w.on(-99).start("samira", w.stage.days.day(-86))
    w.on(-88).finish("samira", "Bij elk uittreksel gaat een kaartje mee.")
    for proof in (
        "Anouk keek een ochtend mee: bij alle elf uittreksels ging een kaartje mee.",
        "In zes weken belde niemand meer met deze vraag; eerst was dat twee keer per week.",
    ):
        w.asked().later(7).reminded().later(2).tried("samira", "Nam niet op.")
        w.later(2).tried("samira", "Voicemail ingesproken.").later(1).judged("ilse", Verdict.NOT_REACHED, proof)
        if proof.startswith("Anouk"):
            w.embed("samira")
    w.later(2).close("samira", "Een goed antwoord aan de balie telt pas als het ook op papier meegaat.")


@story(-97)
def phone_menu(w: Walk) -> None:
    """Closed while only partly solved: the leader let it pass, and it stays "partly" in every figure."""
    w.capture(
        "thijs",
        "Keuzemenu aan de telefoon: verhuizen als eerste keuze",
        problem="“Ik hing twee minuten te luisteren voor ik bij verhuizen was.”",
        noticeable="Belt u over een verhuizing, dan kiest u meteen de 1.",
        customer=external("Mevrouw T. Evers", "t.evers@example.org"),
        service="Verhuizing doorgeven",
        channel="telefoon",
    )
    w.on(-95).take_up("thijs").label("thijs", "telefoon")
    w.on(-93).start("thijs", w.stage.days.day(-80))
    w.on(-84).finish("thijs", "Verhuizen staat op 1, de muziek is korter.")
    w.asked().later(1).answered(Solved.PARTLY, 6, "Het menu is nog steeds lang.").followed().embed("thijs")
    w.asked().later(1).answered(Solved.PARTLY, 7, "Beter, maar ik druk liever op niets.").followed()
    w.later(2).waive("ilse", "R11", "Het nieuwe belsysteem komt in het voorjaar; daar nemen we de rest in mee.")
    w.later(1).close("thijs", "Binnen het oude belsysteem was dit het beste wat kon.")


@story(-86)
def whose_key(w: Walk) -> None:
    """A customer can be a colleague (R18)."""
    w.capture(
        "gerrit",
        "Op de sleutelkast staat wie welke sleutel heeft",
        problem="“Elke ochtend zoek ik wie de sleutel van de kluis heeft.”",
        noticeable="Je ziet op het bord wie de sleutel heeft.",
        customer=colleague("Femke Stoel", "femke.stoel@example.org"),
        channel="werkoverleg",
    )
    w.on(-84).take_up("gerrit")
    w.on(-82).start("gerrit", w.stage.days.day(-70))
    w.on(-72).finish("gerrit", "Bord met naamplaatjes naast de kast.")
    w.asked().later(1).answered(Solved.YES, 8).followed()
    w.embed("gerrit").later(1).close("gerrit", "Wie het dagelijks doet, had de oplossing al.")


@story(-62)
def good_photos(w: Walk) -> None:
    """Closed a little while ago, today: the customer's mail is about to leave."""
    w.capture(
        "samira",
        "Voorbeelden van goede en foute pasfoto's in de hal",
        problem="“Ik kwam voor de derde keer met een foto die werd afgekeurd.”",
        noticeable="U ziet vóór u een nummer trekt of uw foto goed is.",
        customer=external("De heer R. van Loon", "r.vanloon@example.net"),
        service="Paspoort en identiteitskaart",
        channel="balie",
    )
    w.on(-60).take_up("samira").label("samira", "hal")
    w.on(-55).start("samira", w.stage.days.day(-28))
    w.on(-31).finish("samira", "Een bord met zes foto's naast de nummerzuil.")
    w.asked().later(1).answered(Solved.YES, 9, "Ik zag het meteen zelf.", quote=Quote.NAMED).followed()
    w.on(-10).embed("samira")
    w.on(0).close("samira", "Wat wij aan de balie zien, kan de bezoeker ook zien, als we het laten zien.")


@story(-52)
def wedding_places(w: Walk) -> None:
    """Parked until a day of next week."""
    w.capture(
        "gerrit",
        "Foto's van de trouwzalen op de website",
        problem="Paren bellen om te vragen hoe de zalen eruitzien.",
        noticeable="U kiest uw zaal op de website, met foto's.",
        customer=CustomerAnswer(CustomerType.GROUP, "Aanstaande echtparen"),
        service="Trouwen en partnerschap",
        channel="telefoon",
    )
    w.on(-50).park("gerrit", "De zalen worden geschilderd; daarna maken we de foto's.", w.stage.days.workday(6))


@story(-37)
def sunday_desk(w: Walk) -> None:
    """Declined, with a reason for who proposed it."""
    w.capture(
        "thijs",
        "De balie ook op zondagochtend open",
        problem="Op maandag staan er mensen die in het weekend niet konden.",
        customer=CustomerAnswer(CustomerType.UNKNOWN),
        importance=Importance.NORMAL,
        channel="werkoverleg",
    )
    w.on(-34).decline("gerrit", "We hebben er de mensen niet voor. Wel bekijken we een tweede avond per week.")


@story(-5)
def photos_again(w: Walk) -> None:
    """Declined as a duplicate: its proposer now follows the twin."""
    twin = w.stage_item("Voorbeelden van goede en foute pasfoto's in de hal")
    w.capture(
        "anouk",
        "Foto's die goed zijn ophangen bij de ingang",
        problem="Veel pasfoto's worden afgekeurd.",
        noticeable="U ziet vooraf of uw foto goed is.",
        customer=CustomerAnswer(CustomerType.UNKNOWN),
        channel="balie",
    )
    w.on(0).decline("gerrit", "Die hangen er al, zie de kaart van Samira; je volgt hem nu.", twin=twin)
