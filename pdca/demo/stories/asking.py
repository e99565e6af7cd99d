"""In Check and Act: the work is done, the customer has the word."""

from __future__ import annotations

from datetime import timedelta

from pdca.demo.stories import story
from pdca.demo.walk import Walk, external, group
from pdca.items.terms import Kind, Quote, Solved, Verdict

TWO_WEEKS = timedelta(days=14)
SIX_WEEKS = timedelta(days=42)


@story(-33)
def chair_with_arms(w: Walk) -> None:
    """Today the customer is asked by mail."""
    asked_on = w.stage.days.workday(0)
    w.capture(
        "samira",
        "Een stoel met armleuningen bij balie 4",
        problem="“Ik kwam niet meer overeind uit dat lage bankje.”",
        noticeable="Bij balie 4 staat een hoge stoel met leuningen.",
        customer=external("De heer C. Bos", "c.bos@example.net"),
        channel="balie",
    )
    w.on(-31).take_up("samira").label("samira", "hal", "toegankelijk")
    w.on(-28).start("samira", asked_on - TWO_WEEKS + timedelta(days=4))
    w.stays().on_date(asked_on - TWO_WEEKS).finish("samira", "Twee hoge stoelen gekocht en neergezet.")


@story(-34)
def deed_to_go(w: Walk) -> None:
    """The customer answered yesterday or today; the verdict follows by itself."""
    asked_on = w.stage.days.calendar.add(w.stage.days.working(0), -1)
    w.capture(
        "thijs",
        "Een kopie van de akte krijgt u meteen mee",
        problem="“Voor één blaadje moest ik een week later terugkomen.”",
        noticeable="U loopt met de kopie de deur uit.",
        customer=external("Mevrouw N. Bergsma", "n.bergsma@example.org"),
        service="Uittreksel",
        channel="balie",
    )
    w.on(-32).take_up("thijs")
    w.on(-30).start("thijs", w.stage.days.day(-9))
    w.stays().on_date(asked_on - TWO_WEEKS).finish("thijs", "De printer staat nu bij de balie.")
    w.asked().on(0).answered(Solved.YES, 9, "Heel vriendelijk geholpen ook.", quote=Quote.NAMED)


@story(-44)
def driving_licence_queue(w: Walk) -> None:
    """Silent after the link and the reminder: today the owner is to call."""
    asked_on = w.stage.days.calendar.add(w.stage.days.workday(0), -7)
    w.capture(
        "thijs",
        "Wie alleen een rijbewijs ophaalt, hoeft niet in de rij",
        problem="“Ik wachtte drie kwartier om iets in ontvangst te nemen.”",
        noticeable="U meldt zich bij het ophaalpunt en bent meteen aan de beurt.",
        customer=external("De heer J. Pot", "j.pot@example.net", "06 12 34 56 78"),
        service="Rijbewijs",
        channel="balie",
    )
    w.on(-42).take_up("thijs")
    w.on(-38).start("thijs", w.stage.days.day(-18))
    w.stays().on_date(asked_on - TWO_WEEKS).finish("thijs", "Ophaalpunt naast de receptie, elke dag van 9 tot 17 uur.")
    w.asked()
    w.on_date(w.stage.days.calendar.add(asked_on, 5)).reminded()


@story(-58)
def proof_of_life(w: Walk) -> None:
    """A check past its settle-by: the card is frozen until somebody says how it goes on."""
    asked_on = w.stage.days.calendar.add(w.stage.days.workday(0), -12)
    w.capture(
        "anouk",
        "Bewijs van leven: ook zonder afspraak",
        problem="“Mijn moeder van 84 moest drie weken wachten, en haar pensioen stopte.”",
        noticeable="Voor een bewijs van leven loopt u zo binnen.",
        customer=external("Mevrouw G. de Haan", "g.dehaan@example.org", "0512 345 678"),
        channel="telefoon",
    )
    w.on(-56).take_up("anouk")
    w.on(-52).start("anouk", w.stage.days.day(-28))
    w.stays().on_date(asked_on - TWO_WEEKS).finish("anouk", "Aan balie 1 kan het elke ochtend zonder afspraak.")
    w.asked()
    w.on_date(w.stage.days.calendar.add(asked_on, 5)).reminded()
    w.on_date(w.stage.days.calendar.add(asked_on, 7)).tried("anouk", "Nam niet op.")


@story(-64)
def waiting_time_on_screen(w: Walk) -> None:
    """A group of three: two have answered, so it is still open."""
    asked_on = w.stage.days.calendar.add(w.stage.days.workday(0), -4)
    names = ("Mevrouw P. Smeets", "p.smeets@example.net"), ("De heer O. Yilmaz", "o.yilmaz@example.org")
    w.capture(
        "gerrit",
        "Op het scherm staat hoe lang het nog duurt",
        kind=Kind.IMPROVEMENT,
        problem="“Ik durfde niet naar het toilet; straks was ik aan de beurt.”",
        noticeable="U ziet in de hal hoeveel minuten u nog wacht.",
        customer=group("Bezoekers van de publiekshal", "k.visser@example.net"),
        channel="enquête in de hal",
    )
    for name, email in names:
        w.edit("gerrit", customer=group(name, email))
    w.on(-62).take_up("gerrit", owner_id=w.who("gerrit").id).label("gerrit", "hal")
    w.on(-58).plan_action(
        "gerrit",
        due=w.stage.days.day(-12),
        purpose="Ik wil weten of ik nog even weg kan.",
        mark=4,
        test=(
            "één scherm bij de ingang",
            "Minder mensen vragen hoe lang het duurt.",
            "De receptie turft een week lang.",
        ),
        groups=["Bezoekers van de publiekshal"],
        touchpoint=("wachtruimte", "wij roepen de bezoekers op"),
    )
    w.on(-56).start("gerrit")
    w.on(-38).comment("gerrit", "Proef: van 31 vragen op een dag naar 9.")
    w.stays().on_date(asked_on - TWO_WEEKS).finish(
        "gerrit", "Beide schermen tonen de wachttijd, in stappen van vijf minuten."
    )
    w.asked().later(1).answered(Solved.YES, 8, nth=0).answered(Solved.PARTLY, 6, "Het liep een kwartier uit.", nth=1)


@story(-71)
def island_registration(w: Walk) -> None:
    """The customer said no: say why it did not work, and tell her what happens next."""
    asked_on = w.stage.days.calendar.add(w.stage.days.working(0), -3)
    w.capture(
        "julian",
        "Verhuisd van de eilanden: één gesprek in plaats van drie",
        kind=Kind.IMPROVEMENT,
        problem="“In Willemstad zeiden ze dit, in Nederland dat. Ik moest drie keer mijn verhaal doen.”",
        noticeable="U doet uw verhaal één keer, en krijgt op papier wat er nu gebeurt.",
        customer=external("Mevrouw R. Maduro", "r.maduro@example.org"),
        service="Verhuizing doorgeven",
        channel="e-mail",
    )
    w.on(-69).take_up("gerrit", owner_id=w.who("julian").id)
    w.on(-67).accept("julian", "Ik maak van drie gesprekken één, samen met de collega's in Willemstad.")
    w.on(-63).plan_action(
        "julian",
        due=w.stage.days.day(-14),
        purpose="Ik wil één keer vertellen waar ik woon.",
        mark=4,
        test=("tien verhuizingen in een maand", "Niemand hoeft terug te komen.", "We bellen alle tien na."),
        groups=["Nieuwe inwoners"],
        touchpoint=("beeldbellen", "wij schrijven de nieuwe inwoner in"),
    )
    w.on(-60).start("julian")
    w.on_date(asked_on - TWO_WEEKS).finish("julian", "Eén gesprek via beeldbellen, met de collega van daar erbij.")
    w.stays().asked().later(1).answered(
        Solved.NO, 3, "Toch moest ik nog een keer langskomen om mijn paspoort te tonen."
    )
    w.followed()


@story(-80)
def relatives_page(w: Walk) -> None:
    """Effective after two weeks; the second check comes this week."""
    asked_on = w.stage.days.workday(2)
    w.capture(
        "thijs",
        "Eén pagina voor nabestaanden, in de goede volgorde",
        kind=Kind.IMPROVEMENT,
        problem="“Ik klikte van de ene pagina naar de andere. Ik kon het die week niet.”",
        noticeable="Op één pagina staat wat u nu moet doen, en wat kan wachten.",
        customer=external("De heer M. Postma", "m.postma@example.net"),
        service="Overlijden",
        channel="e-mail",
    )
    w.on(-78).take_up("gerrit", owner_id=w.who("thijs").id)
    w.on(-76).accept("thijs", "Ik maak één pagina die nabestaanden stap voor stap helpt.")
    w.on(-73).plan_action(
        "thijs",
        due=w.stage.days.day(-36),
        purpose="Ik wil weten wat ik nu moet doen, en wat later mag.",
        mark=5,
        test=("een papieren versie met drie nabestaanden", "Zij vinden alles zonder te bellen.", "We kijken mee."),
        groups=["Nabestaanden"],
        touchpoint=("website", "wij schrijven de pagina"),
    )
    w.on(-71).start("thijs").label("thijs", "website")
    w.on(-55).file(
        "thijs",
        "notitie-proef.txt",
        "Proef met drie nabestaanden\n\n1. Allen vonden de akte.\n2. Eén zocht de erfenis: link toegevoegd.\n",
    )
    w.on_date(asked_on - SIX_WEEKS).finish("thijs", "De pagina staat online; de vijf oude pagina's verwijzen ernaar.")
    w.asked().later(1).answered(Solved.YES, 8, "Rustig en duidelijk.", quote=Quote.ANONYMOUS)
    w.later(1).judged("thijs", Verdict.EFFECTIVE)
    w.stays().later(1).embed("thijs", "Niemand belde met vragen over de volgorde.")


@story(-41)
def number_while_sitting(w: Walk) -> None:
    """The customer was content: only the lesson has to be written."""
    w.capture(
        "samira",
        "Het formulier voor vermissing ook op papier",
        problem="“Ik was mijn telefoon kwijt en kon het formulier alleen met een telefoon invullen.”",
        noticeable="Aan de balie ligt het formulier op papier.",
        customer=external("Mevrouw L. Achterberg", "l.achterberg@example.net"),
        service="Paspoort en identiteitskaart",
        channel="balie",
    )
    w.on(-39).take_up("samira")
    w.on(-37).start("samira", w.stage.days.day(-21))
    w.on(-24).finish("samira", "Het papieren formulier ligt bij alle balies.")
    w.asked().later(1).answered(Solved.YES, 8).followed()
    w.stays().later(1).embed("samira")


@story(-90)
def letters_of_death(w: Walk) -> None:
    """Being handed over for too long: who should take it has not answered."""
    w.capture(
        "dewi",
        "Brieven aan overledenen stoppen op dezelfde dag",
        kind=Kind.IMPROVEMENT,
        problem="“Drie weken na de begrafenis kreeg mijn man nog een brief over zijn rijbewijs.”",
        noticeable="Na de aangifte krijgt u geen post meer op de naam van wie is overleden.",
        customer=external("Mevrouw B. Hendriks", "b.hendriks@example.org"),
        service="Overlijden",
        channel="klacht",
    )
    w.on(-88).take_up("gerrit", owner_id=w.who("dewi").id)
    w.on(-86).accept("dewi", "Ik zorg dat de brieven stoppen zodra de aangifte binnen is.")
    w.on(-83).plan_action(
        "dewi",
        due=w.stage.days.day(-48),
        purpose="Ik wil rouwen zonder dat er post komt die pijn doet.",
        mark=3,
        test=("alle aangiften van één week", "Geen brief meer na de dag van de aangifte.", "We lopen de postlijst na."),
        groups=["Nabestaanden"],
        touchpoint=("brief", "wij versturen de brieven"),
    )
    w.on(-80).start("dewi").label("dewi", "brieven")
    w.on(-52).finish("dewi", "De postlijst wordt elke ochtend vergeleken met de aangiften.")
    w.asked().later(1).answered(Solved.YES, 8, "Dank u.").later(1).judged("dewi", Verdict.EFFECTIVE)
    w.embed("dewi", "Vier weken lang geen enkele brief.").stays()
    w.on_date(w.stage.days.calendar.add(w.stage.days.working(0), -5)).hand_over(
        "dewi",
        "anouk",
        done="De lijst draait elke ochtend.",
        open_="De tweede en derde nazorg, en de werkinstructie.",
        promised="Mevrouw Hendriks hoort van ons hoe het loopt.",
        watch_out="Op maandag staan er aangiften van drie dagen op.",
    )


@story(-48)
def quiet_spot(w: Walk) -> None:
    """Partly: the owner chooses how it goes on."""
    w.capture(
        "anouk",
        "Een rustige plek voor wie druk praten niet verdraagt",
        problem="“Mijn dochter houdt het niet uit in die volle hal.”",
        noticeable="Vraag bij de receptie naar de stille kamer; wij roepen u daar op.",
        customer=external("Mevrouw D. Willems", "d.willems@example.net"),
        channel="balie",
    )
    w.on(-46).take_up("anouk").label("anouk", "hal", "toegankelijk")
    w.on(-42).start("anouk", w.stage.days.day(-24))
    w.on(-26).finish("anouk", "Spreekkamer 2 is de stille kamer.")
    w.asked().later(1).answered(Solved.PARTLY, 6, "Fijn, maar de oproep hoorden we daar niet.").stays().followed()
