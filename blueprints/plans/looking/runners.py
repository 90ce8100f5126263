"""Kind of check → what looks at the world for it. They know no database; jobs.py calls them."""

from collections.abc import Callable, Mapping

from blueprints.gateways.evidence import Verdict
from blueprints.plans import mailbox_checking
from blueprints.plans.checking import Subject
from blueprints.plans.looking import directory, names, servers

RUNNERS: Mapping[str, Callable[[Subject], Verdict]] = {
    "token": names.token,
    "mx": names.mx,
    "spf": names.spf,
    "dkim": names.dkim,
    "dmarc": names.dmarc,
    "autodiscover": names.autodiscover,
    "smtp": servers.smtp,
    "smtp_closed": servers.smtp_closed,
    "recipients": servers.recipients,
    "ldap": directory.ldap,
    "imap": mailbox_checking.run,
}
