"""What a file may be at most, and the refusal of what cannot be made safe."""

MEGABYTE = 1024 * 1024

MOST_BYTES = 25 * MEGABYTE  # of a file as it was uploaded
MOST_PAGES = 500
MOST_PIXELS = 100_000_000  # of one picture
MOST_PIXELS_IN_ALL = 5_000_000_000  # of all frames of a picture: 500 scanned pages at 300 dpi
MOST_UNPACKED = 200 * MEGABYTE  # of one compressed part
MOST_UNPACKED_IN_ALL = 1_000 * MEGABYTE
MOST_RESULT = 50 * MEGABYTE  # of the safe PDF; a picture may grow when it is drawn anew

SECONDS = 120  # for one file, by the clock
PROCESSOR_SECONDS = 90
MEMORY = 1_536 * MEGABYTE  # address space of the process that works on it

ACCEPTED = "PDF, pictures (PNG, JPEG, TIFF, WebP), text and CSV are accepted"


class CannotBeSafe(Exception):
    """No safe PDF can be made of this file; `sentence` says why and what to do."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class TooManyPages(CannotBeSafe):
    def __init__(self, pages: int | str) -> None:
        many = f"{pages:,}" if isinstance(pages, int) else pages
        super().__init__(f"It has {many} pages; at most {MOST_PAGES} are accepted. Split it and upload the parts.")


class TooMuchWork(CannotBeSafe):
    def __init__(self) -> None:
        super().__init__(
            "It takes too much time or memory to make it safe. Save it in a simpler form, or in parts, and upload that."
        )


class UnpacksToTooMuch(CannotBeSafe):
    def __init__(self) -> None:
        super().__init__("It unpacks to far more than it should. Save it again from the program that made it.")
