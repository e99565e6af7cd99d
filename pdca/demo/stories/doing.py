"""In Do: promises that stand, that moved, that passed, and that wait for somebody."""

from __future__ import annotations

from pdca.demo.stories import story
from pdca.demo.walk import Walk, external
from pdca.items.answers import AnnouncementAnswer
from pdca.items.terms import Importance, Kind


@story(-20)
def five_languages(w: Walk) -> None:
    """Due tomorrow."""
    w.capture(
        "samira",
        "Kaartje met de openingstijden in vijf talen",
        problem="“Mijn buurvrouw stond op woensdagmiddag voor een dichte deur.”",
        noticeable="Bij de deur hangt een kaartje dat u kunt lezen en meenemen.",
        customer=external("Mevrouw H. Tesfaye", "h.tesfaye@example.net"),
        channel="balie",
    )
    w.on(-18).take_up("samira").label("samira", "hal")
    w.stays().on(-14).start("samira", w.stage.days.workday(1))
    w.on(-6).comment("samira", "De vertalingen zijn binnen. @Thijs, lees jij het Engels nog na?")
    w.on(-5).comment("thijs", "Gedaan, één woord veranderd.")


@story(-47)
def wedding_papers(w: Walk) -> None:
    """Important: the customer was called half-way, and the change was announced."""
    days = w.stage.days
    w.capture(
        "thijs",
        "Trouwen melden met één formulier in plaats van twee",
        kind=Kind.IMPROVEMENT,
        importance=Importance.HIGH,
        problem="“We vulden twee keer hetzelfde in, en één van de twee was nog fout ook.”",
        noticeable="U meldt uw huwelijk met één formulier.",
        customer=external("Jesse en Noa Peeters", "noa.peeters@example.org", "06 98 76 54 32"),
        service="Trouwen en partnerschap",
        channel="telefoon",
    )
    w.on(-45).take_up("gerrit", owner_id=w.who("thijs").id)
    w.on(-43).accept("thijs", "Ik maak van de twee formulieren één en bel Noa als we halverwege zijn.")
    w.on(-40).plan_action(
        "thijs",
        due=days.workday(9),
        purpose="Wij willen trouwen, geen formulieren overschrijven.",
        mark=5,
        test=("vijf paren in één maand", "Niemand hoeft iets opnieuw in te sturen.", "We tellen de mails terug."),
        groups=["Aanstaande echtparen"],
        touchpoint=("formulier", "wij verwerken de melding"),
        catalogue_changes=True,
    )
    w.stays().on(-36).start("thijs")
    w.on(-15).called("thijs", "Noa vindt het concept duidelijk. De vraag over getuigen kan korter.", adjust=True)
    text = "Vanaf dan is er één formulier. Wie al begonnen is, mag het oude afmaken."
    w.on(-12).edit(
        "thijs", announcement=AnnouncementAnswer(w.today, days.workday(9), "balie, telefoon en website", text)
    )
    w.on(-3).comment("thijs", "De eerste drie paren vulden het zonder vragen in.")


@story(-39)
def plain_letter(w: Walk) -> None:
    """Frozen: the promise passed three working days ago, and it had moved once before."""
    days = w.stage.days
    w.capture(
        "anouk",
        "De brief over een verlopen rijbewijs in gewone taal",
        problem="“Ik las de brief drie keer en wist nog niet of ik mocht rijden.”",
        noticeable="U leest in de eerste zin of u nog mag rijden.",
        customer=external("De heer T. Mulder", "t.mulder@example.net"),
        service="Rijbewijs",
        channel="telefoon",
    )
    w.on(-37).take_up("anouk").label("anouk", "brieven")
    w.stays().on(-34).start("anouk", days.day(-14))
    w.on(-17).new_date(
        "anouk",
        days.calendar.add(days.working(0), -3),
        "De jurist leest de brief nog na. Dat duurt tien dagen langer dan we dachten.",
    )
    w.on(-8).comment("anouk", "De jurist heeft twee zinnen terug. Ik bel haar morgen.")


@story(-77)
def other_parent(w: Walk) -> None:
    """Moved twice; a third date waits for the leader, and the word to the customer with it."""
    days = w.stage.days
    w.capture(
        "gerrit",
        "Toestemming van de andere ouder digitaal geven",
        kind=Kind.IMPROVEMENT,
        problem="“Mijn ex woont in Groningen en moest een dag vrij nemen om een handtekening te zetten.”",
        noticeable="De andere ouder geeft toestemming vanaf de telefoon.",
        customer=external("Mevrouw I. Kuipers", "i.kuipers@example.org"),
        service="Paspoort en identiteitskaart",
        channel="balie",
    )
    w.on(-75).take_up("gerrit", owner_id=w.who("gerrit").id)
    w.on(-71).plan_action(
        "gerrit",
        due=days.day(-40),
        purpose="Ik wil een paspoort voor mijn kind zonder dat iemand er een dag vrij voor neemt.",
        mark=4,
        test=("tien aanvragen", "Acht van de tien ouders doen het digitaal.", "We tellen de handtekeningen."),
        groups=["Bezoekers van de publiekshal"],
        touchpoint=("website", "wij controleren de toestemming"),
    )
    w.stays().on(-67).start("gerrit").label("gerrit", "website")
    w.on(-43).new_date("gerrit", days.day(-20), "De leverancier levert een onderdeel later. We wachten daarop.")
    w.on(-22).new_date("gerrit", days.workday(1), "De test liet een fout zien. Die lossen we eerst op.")
    w.on(-4).new_date("gerrit", days.workday(18), "De beveiliging moet nog één keer worden nagekeken.")


@story(-43)
def wheelchair(w: Walk) -> None:
    """Waiting on a supplier, while its owner is on leave."""
    days = w.stage.days
    w.capture(
        "dewi",
        "Een rolstoel die klaarstaat bij de ingang",
        kind=Kind.IMPROVEMENT,
        problem="“Van de parkeerplaats naar de balie is te ver voor mijn vader.”",
        noticeable="Bij de ingang staat een rolstoel; de receptie helpt u.",
        customer=external("Mevrouw E. Vos", "e.vos@example.net"),
        channel="balie",
    )
    w.on(-41).take_up("gerrit", owner_id=w.who("dewi").id)
    w.on(-40).accept("dewi", "Ik zorg voor een rolstoel bij de ingang en afspraken met de receptie.")
    w.on(-36).plan_action(
        "dewi",
        due=days.workday(8),
        purpose="Mijn vader wil er gewoon kunnen komen.",
        mark=6,
        test=(
            "een geleende rolstoel, twee weken",
            "Hij wordt elke week gebruikt.",
            "De receptie houdt een lijstje bij.",
        ),
        groups=["Bezoekers van de publiekshal"],
        touchpoint=("ingang", "de receptie helpt"),
    )
    w.stays().on(-33).start("dewi").label("dewi", "toegankelijk")
    w.on(-9).wait("dewi", "de levering van de rolstoel", days.workday(3))


@story(-50)
def real_waiting_time(w: Walk) -> None:
    """Began as a quick win; with its second new date it became an improvement action by itself."""
    days = w.stage.days
    w.capture(
        "thijs",
        "De automatische mail noemt de echte wachttijd",
        problem="“In de mail stond twee dagen. Het werden er negen.”",
        noticeable="In de mail staat hoe lang het nu echt duurt.",
        customer=external("De heer A. Verbeek", "a.verbeek@example.org"),
        channel="e-mail",
    )
    w.on(-48).take_up("thijs").label("thijs", "brieven")
    w.stays().on(-45).start("thijs", days.day(-25))
    w.on(-27).new_date(
        "thijs", days.day(-10), "We wisten niet dat er drie soorten mails zijn. We passen ze alle drie aan."
    )
    w.on(-12).new_date(
        "thijs", days.workday(5), "Het cijfer komt uit een ander systeem, en die koppeling is nog niet klaar."
    )


@story(-29)
def first_registration(w: Walk) -> None:
    """Being handed over since yesterday, to somebody in another time zone."""
    days = w.stage.days
    w.capture(
        "samira",
        "Checklist voor wie zich voor het eerst inschrijft",
        problem="“Ik kwam vier keer terug, steeds miste er één papier.”",
        noticeable="U krijgt vooraf een lijst die klopt voor uw land.",
        customer=external("Mevrouw K. Nowak", "k.nowak@example.net"),
        channel="balie",
    )
    w.on(-27).take_up("samira")
    w.stays().on(-24).start("samira", days.workday(7))
    w.on(-1).hand_over(
        "samira",
        "julian",
        done="De lijst voor landen in de EU is klaar en getest.",
        open_="De lijst voor de eilanden en voor landen buiten de EU.",
        promised="Mevrouw Nowak krijgt de lijst zodra hij er is.",
        watch_out="Een geboorteakte moet soms worden gelegaliseerd; dat verschilt per land.",
    )
    w.comment("samira", "@Julian, jij kent de papieren van de eilanden beter dan ik. Neem jij het over?")
