"""Email addresses of people, who sign in with them."""

from email_validator import EmailNotValidError, validate_email

LONGEST = 254  # RFC 5321: a path of 256 characters with its two angle brackets


def plain_address(typed: str) -> str:
    """The address in the one form that is kept and looked for: normalised, lower case.

    No look-up in DNS: that would be slow and would tell known addresses from unknown ones. Raises ValueError
    with a sentence.
    """
    if len(typed) > LONGEST:
        raise ValueError(f"At most {LONGEST} characters.")
    try:
        return validate_email(typed, check_deliverability=False).normalized.lower()
    except EmailNotValidError:
        raise ValueError("An email address such as ada@msp.example.") from None
