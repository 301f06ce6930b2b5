"""Sayings: what people of the simulated world say and write; every line is a private text once it is recorded."""

from collections.abc import Mapping

from ticketing.domain.events import DisputeGround

SYMPTOMS: Mapping[str, tuple[str, ...]] = {
    "QUORVAN": (
        "It does not charge any more, whatever cable I take.",
        "It switches itself off at forty per cent.",
        "The screen flickers as soon as it gets warm.",
        "It fell once, but only on the carpet.",
        "Since the last update it restarts every hour.",
        "The battery is empty by noon.",
    ),
    "ILMERRA": (
        "There is a puddle under it every morning.",
        "It hums, and then nothing happens.",
        "It stops in the middle and shows a red light.",
        "It smells of hot rubber.",
        "It takes twice as long as it used to.",
    ),
}
CONDITIONS = (
    "Scratches on the back, edges dented.",
    "As new.",
    "Used, no damage to be seen.",
    "Housing opened before, one screw is missing.",
    "Dirty, traces of liquid near the connector.",
)
FINDINGS: Mapping[str, tuple[str, ...]] = {
    "manufacturing": ("Cold solder joint on the board.", "The part fails within its rated load."),
    "wear": ("Worn out; resistance far above the limit.", "The seal is brittle."),
    "misuse": ("Contact pins bent by force.", "Limescale throughout, never descaled."),
    "accident": ("Frame bent after a fall.", "The glass is broken from outside."),
    "software": ("The firmware does not match the board.",),
    "third_party": ("A part that is not the manufacturer's is built in.",),
    "none_found": ("No fault after all the tests the standard demands.",),
    "unknown": ("The fault comes and goes; no cause to be shown.",),
}
ENTITLED = ("Within the time of the clause, fault shown by the test.", "Covered; the papers are in order.")
NOT_ENTITLED = ("The time of the clause has run out.", "The clause excludes this cause.")
REFUSALS = (
    "The damage came from outside; the standard excludes it.",
    "The clause does not cover this part any longer.",
    "Somebody else worked on the unit before us.",
)
OBJECTIONS: Mapping[DisputeGround, tuple[str, ...]] = {
    "coverage": ("I was told two years when I bought it.", "Nobody ever said that this part is not covered."),
    "criterion": ("Your test proves nothing about my fault.",),
    "fault_existence": ("The fault is there every evening; you looked in the morning.",),
    "repair_quality": ("It was back on my desk for two days and failed again.",),
    "custody_damage": ("This scratch was not there when I handed it in.",),
    "price": ("The bill is higher than what I said yes to on the phone.",),
    "delay": ("Six weeks without a word is not a repair, it is a disappearance.",),
    "rejected_claim": ("The photographs show the fault that the clause names.",),
}
POSITIONS: Mapping[str, tuple[str, ...]] = {
    "customer": ("I used it as anybody would.", "I have nothing to add to what I said at the counter."),
    "company": ("We followed the standard.", "The finding is documented and stands."),
    "manufacturer": ("The clause is clear.", "We ask for the reading of the test under load."),
}
VERDICTS: Mapping[str, tuple[str, ...]] = {
    "customer": ("The finding does not exclude a fault of manufacture.", "Nobody tested it the way it fails."),
    "company": ("The damage was there at intake; the receipt says so.",),
    "manufacturer": ("The clause applies as it is written.",),
}
COMPLAINTS: Mapping[str, tuple[str, ...]] = {
    "silence": ("Nobody called back in two weeks.", "I paid, and since then I have heard nothing."),
    "passed_around": ("I was sent to four desks.",),
    "not_looked_at": ("They refused without even opening it.",),
    "broken_promise": ("It was promised for Friday, twice.",),
    "list_and_bill_differ": ("The bill names work that was never on the list.",),
    "rude": ("I was told to read the manual.",),
    "policy": ("A battery that is not covered after half a year is a bad joke.",),
}
REMEDIES = ("We apologise and explain what happened.", "A credit was given.", "A call every week until it is done.")
NOTES = (
    "The customer prefers to be called after five.",
    "The unit came without its cover.",
    "The neighbour collects.",
    "Handle with care: sentimental value.",
)
RATING_WORDS = ("Quick and friendly.", "It works, that is all.", "Took too long.", "Never again.", "As it should be.")
