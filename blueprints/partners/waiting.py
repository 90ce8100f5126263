"""How long an MSP waits for the answers of an RFI: the days of the reminders, and the day it gives up."""

from blueprints.web.refusals import Refused

MOST_DAYS = 365
MOST_REMINDERS = 10
TOLD_BEFORE = 3  # days between telling the MSP that a project is going to be closed, and closing it
LEAST_TO_CLOSE = 7  # days; less would leave no time to be told and to act


class RemindsTooLate(Refused):
    """A reminder would go out after the project was closed."""


def reminder_days(typed: str) -> str:
    """Days after the opening, each once and rising, as “3, 7, 14”; "" for no reminders. Raises Refused."""
    written = [part.strip() for part in (typed or "").replace(";", ",").split(",")]
    days = sorted({day(part) for part in written if part})
    if len(days) > MOST_REMINDERS:
        raise Refused(f"At most {MOST_REMINDERS} reminders.")
    return ", ".join(map(str, days))


def day(written: str) -> int:
    if written.isascii() and written.isdigit() and len(written) <= 3 and 1 <= int(written) <= MOST_DAYS:
        return int(written)
    shown = written if len(written) <= 20 else f"{written[:19]}…"
    raise Refused(f"“{shown}” is not a day from 1 to {MOST_DAYS}. Write days with commas between them: 3, 7, 14.")


def close_days(typed: int | None) -> int:
    """Days after which an unanswered RFI closes the project; 0: never. Raises Refused."""
    days = typed or 0
    if days and not LEAST_TO_CLOSE <= days <= MOST_DAYS:
        raise Refused(f"From {LEAST_TO_CLOSE} to {MOST_DAYS} days, or 0 for never.")
    return days


def refuse_late_reminders(reminders: str, closing: int) -> None:
    """Both as they are kept. Raises RemindsTooLate."""
    late = [day for day in days_of(reminders) if closing and day >= closing]
    if late:
        raise RemindsTooLate(
            f"The project is closed on day {closing}, so a reminder on day {late[0]} would never go out.",
            "rfi_reminder_days",
        )


def days_of(reminders: str) -> tuple[int, ...]:
    """The days as numbers, rising, from how they are kept."""
    return tuple(int(part) for part in reminders.split(",") if part.strip())
