"""The second team, so that "all my teams" means something: reports from the street."""

from __future__ import annotations

from pdca.demo.people import STREETS
from pdca.demo.stories import story
from pdca.demo.walk import Walk, external
from pdca.items.terms import Importance, Kind, Quote, Solved


@story(-72, STREETS)
def gritting_map(w: Walk) -> None:
    """Closed, with an eight."""
    w.capture(
        "emma",
        "De strooikaart komt vóór de winter in de bus",
        problem="“Ik wist niet dat onze straat niet wordt gestrooid, tot ik viel.”",
        noticeable="U weet vóór de vorst of er bij u wordt gestrooid.",
        customer=external("Mevrouw F. Dijkman", "f.dijkman@example.net"),
        service="Gladheid",
        channel="telefoon",
    )
    w.on(-70).take_up("emma")
    w.on(-67).start("emma", w.stage.days.day(-50))
    w.on(-52).finish("emma", "De kaart is verspreid in vier wijken.")
    w.asked().later(1).answered(Solved.YES, 8, "Duidelijk kaartje.", quote=Quote.ANONYMOUS).followed()
    w.embed("emma").later(2).close("emma", "Een kaart in de bus voorkomt meer dan een bericht achteraf.")


@story(-45, STREETS)
def lamp_post(w: Walk) -> None:
    """Frozen for more than ten working days: the leader has to decide."""
    days = w.stage.days
    w.capture(
        "pieter",
        "Op elke lantaarnpaal staat wie u belt",
        problem="“Ik belde vier nummers voor één lamp.”",
        noticeable="Op de paal staan een nummer en een telefoonnummer.",
        customer=external("De heer L. Martens", "l.martens@example.org"),
        service="Melding openbare ruimte",
        channel="telefoon",
    )
    w.on(-43).take_up("pieter").label("pieter", "buiten")
    w.stays().on(-39).start("pieter", days.calendar.add(days.working(0), -13))
    w.on(-30).comment("pieter", "De stickers zijn besteld.")


@story(-46, STREETS)
def playground(w: Walk) -> None:
    """Important, and nobody has called the neighbours yet."""
    days = w.stage.days
    w.capture(
        "noor",
        "Bewoners kiezen mee over de speelplek aan de Berkenhof",
        kind=Kind.IMPROVEMENT,
        importance=Importance.HIGH,
        problem="“De vorige keer stond er ineens een wipkip. Onze kinderen zijn dertien.”",
        noticeable="U kiest uit drie ontwerpen, en ziet wat er met uw stem gebeurt.",
        customer=external("Mevrouw J. Terpstra", "j.terpstra@example.net", "06 55 66 77 88"),
        service="Spelen",
        channel="bewonersavond",
    )
    w.on(-44).take_up("noor", owner_id=w.who("noor").id)
    w.on(-41).plan_action(
        "noor",
        due=days.workday(7),
        purpose="Wij willen een plek waar onze kinderen ook echt komen.",
        mark=4,
        test=("drie ontwerpen op een bord in de buurt", "De helft van de straat stemt.", "We tellen de stickers."),
        groups=["Bewoners van de Berkenhof"],
        touchpoint=("bewonersavond", "wij leiden het gesprek"),
    )
    w.stays().on(-38).start("noor").label("noor", "buiten")
    w.on(-10).comment("noor", "Het bord staat er. Al 41 stickers na één weekend!")


@story(-9, STREETS)
def photo_with_report(w: Walk) -> None:
    """Just taken up."""
    w.capture(
        "samira",
        "Een foto meesturen met uw melding",
        problem="“Ik moest in woorden uitleggen welke tak er hing.”",
        noticeable="U stuurt een foto mee vanaf uw telefoon.",
        customer=external("De heer B. Scholten", "b.scholten@example.org"),
        service="Melding openbare ruimte",
        channel="telefoon",
    )
    w.stays().on(-7).take_up("pieter").label("pieter", "website")


@story(-3, STREETS)
def full_bin(w: Walk) -> None:
    """New, and waiting for the board keeper."""
    w.capture(
        "samira",
        "De prullenbak bij de speeltuin zit elk weekend vol",
        problem="“Op zondag ligt alles ernaast, en de kinderen spelen ertussen.”",
        customer=external("Mevrouw C. Groen", "c.groen@example.net"),
        service="Spelen",
        channel="telefoon",
    )
