"""In New and Plan: what just came in, and what is being prepared."""

from __future__ import annotations

from datetime import timedelta

from pdca.demo.stories import story
from pdca.demo.walk import UNKNOWN, Walk, external
from pdca.items.answers import AgreedAnswer, BaselineAnswer, CustomerAnswer, NeedAnswer, TouchpointAnswer
from pdca.items.terms import CustomerType, Importance, Kind, Solved

# --- New -------------------------------------------------------------------------------------------------


@story(-11)
def bottle(w: Walk) -> None:
    """Waits too long for a decision."""
    w.capture(
        "anouk",
        "Ouders kunnen nergens een fles opwarmen",
        problem="“Mijn baby huilde een half uur, en er was nergens warm water.”",
        customer=UNKNOWN,
        channel="balie",
    )


@story(-4)
def foreign_card(w: Walk) -> None:
    """Nearly complete: one tap and it is taken up."""
    w.capture(
        "thijs",
        "Een uittreksel betalen lukt niet met een buitenlandse kaart",
        problem="“Mijn kaart werd drie keer geweigerd. Ik moest een vriend bellen.”",
        noticeable="U betaalt met elke gewone bankkaart.",
        customer=external("Mr. D. O'Connor", "d.oconnor@example.net"),
        service="Uittreksel",
        channel="e-mail",
    )


@story(-1)
def old_number(w: Walk) -> None:
    """Came in yesterday, with a word to the board keeper."""
    w.capture("samira", "Op de achterdeur staat nog het oude telefoonnummer", channel="balie")
    w.comment("samira", "@Gerrit, dit kan iemand vandaag nog doen: een sticker is genoeg.")


@story(0)
def dim_light(w: Walk) -> None:
    """A line of this morning."""
    w.capture("anouk", "Bij de formulierentafel is het te donker om te lezen")


# --- Plan ------------------------------------------------------------------------------------------------


@story(-8)
def walk_in_hour(w: Walk) -> None:
    """Everything is there: it may start."""
    w.capture(
        "thijs",
        "Een vast inloopuur voor vragen over adressen",
        problem="“Voor één vraag moest ik een afspraak maken over twee weken.”",
        noticeable="Op dinsdag tussen 9 en 10 uur loopt u binnen zonder afspraak.",
        customer=external("De heer S. Hofman", "s.hofman@example.org"),
        channel="telefoon",
    )
    w.stays().on(-6).take_up("thijs")
    w.on(-5).edit("thijs", due_on=w.stage.days.workday(15))


@story(-17)
def relatives_one_visit(w: Walk) -> None:
    """An important action in preparation: the baseline is there, the small test is not."""
    w.capture(
        "ilse",
        "Nabestaanden regelen alles in één bezoek",
        kind=Kind.IMPROVEMENT,
        importance=Importance.HIGH,
        problem="“In de week dat mijn vrouw stierf, zat ik drie keer in deze hal.”",
        noticeable="U komt één keer; wij regelen de rest.",
        customer=external("De heer G. Aalders", "g.aalders@example.net", "06 11 22 33 44"),
        service="Overlijden",
        channel="klacht",
    )
    w.on(-15).take_up("gerrit", owner_id=w.who("samira").id)
    w.stays().on(-13).accept(
        "samira", "Ik zorg dat nabestaanden met één bezoek klaar zijn, en bel de heer Aalders halverwege."
    )
    baseline = BaselineAnswer(
        w.today, None, "De mensen zijn vriendelijk.", "Drie balies, drie verhalen.", "Eén vast gezicht."
    )
    w.on(-8).edit(
        "samira",
        purpose="Ik wil in die week één keer komen, en dan naar huis.",
        need=NeedAnswer("De heer G. Aalders", 1, "klacht", "Drie keer in deze hal."),
        baseline=BaselineAnswer(w.today, None, baseline.good, baseline.better, baseline.change),
        groups=[w.listed("Nabestaanden")],
        touchpoint=TouchpointAnswer("balie", "wij nemen de aangifte op"),
    )
    w.file(
        "samira",
        "gesprek-aalders.txt",
        "Gesprek met de heer Aalders\n\n- wachten was het ergste\n- hij wil één naam om te bellen\n",
    )
    w.on(-2).comment(
        "samira",
        "Ik zoek nog een goede kleine proef. @Thijs, jij hebt dit bij de pagina voor nabestaanden gedaan, toch?",
    )


@story(-15)
def languages_on_desk(w: Walk) -> None:
    """Nobody was asked beforehand: for an action the leader has to agree (R1)."""
    days = w.stage.days
    w.capture(
        "gerrit",
        "Op de balie staat welke talen de medewerker spreekt",
        kind=Kind.IMPROVEMENT,
        problem="Bezoekers nemen hun kinderen mee om te tolken.",
        noticeable="U ziet wie uw taal spreekt.",
        customer=CustomerAnswer(CustomerType.GROUP, "Nieuwe inwoners"),
        channel="werkoverleg",
    )
    w.on(-13).take_up("gerrit", owner_id=w.who("anouk").id)
    w.stays().on(-12).accept("anouk", "Ik maak bordjes met de talen die collega's spreken.")
    w.on(-3).edit(
        "anouk",
        purpose="Ik wil mijn vraag zelf kunnen stellen.",
        no_survey="We zien het elke dag aan de balie; vooraf vragen voegt niets toe.",
        due_on=days.workday(20),
        agreed=AgreedAnswer("Nieuwe inwoners", w.today, "aan de balie"),
    )


@story(-56)
def pick_up_row(w: Walk) -> None:
    """The first round did not work; the second is being planned, and the customer knows."""
    w.capture(
        "anouk",
        "Wie maar één vraag heeft, krijgt een kort nummer",
        problem="“Ik wilde alleen weten of mijn paspoort klaar was, en wachtte een uur.”",
        noticeable="Voor één vraag trekt u een kort nummer.",
        customer=external("Mevrouw Y. Benali", "y.benali@example.org"),
        channel="balie",
    )
    w.on(-54).take_up("anouk").label("anouk", "hal")
    w.on(-50).start("anouk", w.stage.days.day(-34))
    w.on(-36).finish("anouk", "Knop ‘één vraag’ op de nummerzuil.")
    w.asked().later(1).answered(Solved.NO, 4, "Iedereen drukte op die knop. Ik wachtte net zo lang.").followed()
    w.later(1).tell_next(
        "anouk", "U heeft gelijk. We proberen het met iemand in de hal die korte vragen meteen beantwoordt."
    )
    w.stays().on(-9).next_round("anouk", "Een knop zonder iemand die meekijkt, kiest iedereen.")
    w.on(-7).edit("anouk", title="Een gastvrouw in de hal beantwoordt korte vragen meteen")


@story(-24)
def without_digid(w: Walk) -> None:
    """Its owner asks the board keeper for help."""
    w.capture(
        "julian",
        "Uw nieuwe adres doorgeven zonder DigiD",
        kind=Kind.IMPROVEMENT,
        problem="“Ik woon hier drie weken en heb nog geen DigiD. Toch moet ik mijn adres ermee doorgeven.”",
        noticeable="U geeft uw adres door met uw paspoort en een foto.",
        customer=external("Mr. K. Mensah", "k.mensah@example.net"),
        service="Verhuizing doorgeven",
        channel="e-mail",
    )
    w.on(-22).take_up("gerrit", owner_id=w.who("julian").id)
    w.stays().on(-20).accept("julian", "Ik zoek een weg zonder DigiD die ook veilig is.")
    w.on(-16).edit(
        "julian", purpose="Ik wil hier gewoon wonen, en dat laten weten.", last_useful_on=w.today + timedelta(days=180)
    )
    w.on(-1).help("julian", "Wie bij ons kan zeggen of een foto van een paspoort veilig genoeg is?")
