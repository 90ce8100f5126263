"""What rules raise when they refuse. No web in it: `errors.py` and the routes decide how it is said."""


class Refused(Exception):
    """A rule said no. `sentence` is for the person; `field` names the form field it belongs to, if one does.

    `further`: what is wrong besides, told together with it.
    """

    sentence = "This cannot be done."
    further: "tuple[Refused, ...]" = ()

    def __init__(self, sentence: str = "", field: str = "") -> None:
        super().__init__(sentence or self.sentence)
        self.sentence = sentence or self.sentence
        self.field = field


class NotThere(Refused):
    """No such record, or not one this person may know of. The two are never told apart."""

    sentence = "There is no such page, or it is not yours to see."


class MayNot(Refused):
    """The person sees the record but may not do this with it."""

    sentence = "Your role does not allow this."


class ChangedMeanwhile(Refused):
    """Someone else saved the record after this person opened it."""

    sentence = (
        "Someone else changed this while you were writing. Your typing is still here; nothing of it is saved yet."
    )
