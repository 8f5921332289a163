"""Invented words for invented notes and enquiries. Plausible, and about nobody."""

from __future__ import annotations

SITUATIONS = {
    "academic": (
        "Failed one paper by three marks after an illness in the week before. The college was told "
        "then, by telephone; nothing in writing.",
        "The supervisor has not answered for five weeks, and the first-year report is due.",
        "Told in a corridor that a piece of coursework looks copied. No letter has come.",
        "Would like to take a year away, and is afraid of losing the room in college.",
        "Extra time was agreed last year and is not on this year's list.",
    ),
    "welfare": (
        "Sleeps badly since the summer and has stopped going to lectures. Sees the GP on Friday. "
        "Safe today, and says so.",
        "The landlord keeps the deposit and does not answer. Rent for this term is paid.",
        "The funder stopped the stipend without a word; 40 pounds left until the end of the month.",
        "Somebody in the same corridor makes remarks, most evenings. Has kept a diary.",
        "A grandparent died. The funeral is abroad, in the week of an examination.",
    ),
    "": (
        "Came in, sat down, and would rather talk about it next time.",
        "Asked what we are and whether the college would hear of it. It would not.",
    ),
}
ADVICE = (
    "Explained the procedure, its deadline, and what evidence helps.",
    "Went through three ways to go on, with what each would cost and who would know.",
    "To write down what happened, with dates, before it fades. To keep every letter.",
    "To ask for a meeting, in writing, and to bring a friend or one of us.",
    "Nothing has to be decided this week. Told of the listening services and the emergency number.",
)
ACTIONS = (
    "Drafted the letter together. Nothing sent.",
    "Next appointment in a week, in room 2.",
    "Gave the leaflet. No further action agreed.",
    "The student will come back when the answer is there.",
    "Looked up the regulation and read it together.",
)
ENQUIRIES = {
    "academic": (
        "Asked at the door how to appeal against a mark. Gave no name.",
        "Telephone: until when can one withdraw from an examination?",
        "Asked whether a supervisor can be changed in the second year.",
    ),
    "welfare": (
        "Telephone: where does one go with no money on a Saturday?",
        "Asked for the leaflet about deposits. Did not stay.",
        "A friend is not well. Asked what to say. Told of the emergency number.",
    ),
    "": ("Asked whether we belong to the University. We don't.",),
}
