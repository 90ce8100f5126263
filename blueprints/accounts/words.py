"""What Flask-Security says, in our words. It fills in the %(names)s."""

SAME_FOR_ALL = "Email address or password is wrong. Check both and try again."
LINK_SENT = "If this address belongs to somebody here, a letter with a link is on its way. It opens for two hours."
WRONG_CODE = "This code is wrong or was used already. Wait for the next one; the device’s clock must be right."

SAID = {
    "GENERIC_AUTHN_FAILED": SAME_FOR_ALL,
    "PASSWORD_RESET_REQUEST": LINK_SENT,
    "PASSWORD_RESET_EXPIRED": "This link has ended; it opened for two hours. Ask for a new one here.",
    "INVALID_RESET_PASSWORD_TOKEN": "This link opens nothing any more. Ask for a new one here.",
    "PASSWORD_RESET_NO_LOGIN": "Your new password is set, and every session has ended. Sign in with it.",
    "PASSWORD_CHANGE": "Your new password is set, and your other sessions have ended.",
    "PASSWORD_INVALID_LENGTH": "Use at least %(length)s characters, and at most 128.",
    "PASSWORD_IS_THE_SAME": "This is the password you have now.",
    "PASSWORD_NOT_PROVIDED": "Fill this in.",
    "INVALID_PASSWORD": "This is not your password.",
    "RETYPE_PASSWORD_MISMATCH": "This differs from the password above.",
    "REAUTHENTICATION_REQUIRED": "Type your password once more to go on.",
    "REAUTHENTICATION_SUCCESSFUL": "Thank you. Go on.",
    "TWO_FACTOR_INVALID_TOKEN": WRONG_CODE,
    "TWO_FACTOR_LOGIN_SUCCESSFUL": "You are signed in.",
    "TWO_FACTOR_CHANGE_METHOD_SUCCESSFUL": "The second factor is on. Make recovery codes now, for a lost device.",
    "TWO_FACTOR_PERMISSION_DENIED": "Begin with your password.",
    "TWO_FACTOR_METHOD_NOT_AVAILABLE": "Choose one of the buttons.",
    "TWO_FACTOR_DISABLED": "The second factor is off.",
    "TWO_FACTOR_SETUP_EXPIRED": "That took longer than half an hour. Begin again.",
    "INVALID_RECOVERY_CODE": "This is none of your recovery codes, or it was used already.",
    "NO_RECOVERY_CODES_SETUP": "There are none yet.",
}
SUBJECTS = {
    "PASSWORD_RESET": "Set a new password for Quayside",
    "PASSWORD_NOTICE": "Your Quayside password was set anew",
    "PASSWORD_CHANGE_NOTICE": "Your Quayside password was changed",
}
LETTERS = {
    "PASSWORD_RESET": "accounts_password_link",
    "PASSWORD_RESET_NOTICE": "accounts_password_set",
    "PASSWORD_CHANGE_NOTICE": "accounts_password_set",
}

# Flask-Security's settings. The second of each pair is the kind of flash, which our pages do not tell apart.
MESSAGES = (
    {f"SECURITY_MSG_{name}": (sentence, "info") for name, sentence in SAID.items()}
    | {f"SECURITY_EMAIL_SUBJECT_{name}": subject for name, subject in SUBJECTS.items()}
    | {f"SECURITY_EMAIL_TEMPLATE_{name}": letter for name, letter in LETTERS.items()}
)
