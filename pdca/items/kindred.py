"""Words that mean the same at a counter: one line is one meaning, in Dutch and English.

A word belongs to a meaning when it begins with one of its beginnings, or holds one of five letters or more
(compounds: "wachtrij", "cliëntondersteuner"). A full stop marks a whole word: "kwijt." is not "kwijtschelding".
The list is short on purpose: words of service work that people use for each other, and no subject of one office.
"""

from __future__ import annotations

MEANINGS = """
    vind vond zoek gezocht kwijt. wegwijs verdwa plattegrond bewegwijz indeling overzicht find locate lost signpost
    bericht terugkoppel afloop afloopt voortgang terughoren inform notify update
    melding melder meldt meldde gemeld doorgev doorgaf doorgeg report
    herstel hersteld reparatie repareer gerepareerd opgelost oplossing gemaakt repair fixed
    straat stoep tegel. tegels trottoir fietspad street pavement
    kast. kasten rek. rekken schap. plank. planken shelf shelves
    weten weet kennen kent. bekend aware
    ondersteun adviseur begeleid adviser advisor
    gratis kosteloos free.
    terugbel teruggebeld callback
    telefo bellen gebeld beller belt. belde phone
    wacht rij. rijen queue waiting
    afspraak afspraken appointment
    brief brieven letter
    antwoord beantwoord reactie reageer answer reply
    formulier aanvraag form. forms application
    balie loket desk counter
    kosten betalen betaling leges tarief fee. fees cost
    openingst geopend opening openen
    parkeer parkeren parking
    afval vuilnis container waste bin. bins
"""

# Words without a subject of their own.
EMPTY = """
    de het een en van in op te dat die is niet met voor aan er zijn was om bij ook maar als dan of naar uit hoe wat wie
    waar nog wel al over door tot onder zonder tegen hun zij we wij je jij u uw ik hij haar hem mij ons onze dit deze
    daar hier geen meer minder veel weinig alle alles iets niets iemand niemand elk elke kan kunnen kon moet moeten mag
    mogen wil willen zal zullen wordt worden werd werden heeft hebben had hadden ben bent zo na nu sinds per tussen want
    omdat zodat toen eerst meteen weer altijd nooit vaak soms zelf eigen andere ander
    the a an and of to that are were not with for at by as or from it its their they you your i he she his her this
    these those there here no more less all each every can could must may will would has have be been being do does did
    so after now before when what who where how which one two
"""
