"""Whether something answers at an https address. Redirects are told, never followed; bodies are not read."""

from dataclasses import replace
from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPResponse
from urllib.parse import quote

from blueprints.gateways.bounds import Bounds, Door
from blueprints.gateways.evidence import Outcome, Verdict, brief
from blueprints.gateways.line import Line
from blueprints.gateways.reaching import converse

ANSWERS = (200, 401)  # it is there, or it is there for those who sign in
REDIRECTS = (301, 302, 303, 307, 308)


class Conversation(HTTPConnection):
    """http.client over a line that is already there."""

    def __init__(self, line: Line) -> None:
        super().__init__(line.host)
        self.line = line

    def connect(self) -> None:
        self.sock = self.line  # type: ignore[assignment] - as good as a socket, see Line


def look(host: str, path: str, bounds: Bounds) -> Verdict:
    """Passed when the server shows a trusted certificate and answers 200 or 401 to GET.

    Facts: `status`, `location` (of a redirect, else ""), `certificate`.
    """

    def talk(line: Line) -> Verdict:
        talking = Conversation(line)
        talking.request("GET", quote(path, safe="/?&=%"), headers={"Accept": "*/*", "Connection": "close"})
        return judged(line, talking.getresponse())

    return converse(host, Door.HTTPS, bounds, talk)


def judged(line: Line, response: HTTPResponse) -> Verdict:
    assert line.certificate is not None
    location = brief(response.getheader("Location") or "") if response.status in REDIRECTS else ""
    facts = {"status": response.status, "location": location, "certificate": line.certificate.facts()}
    note = line.certificate.sentence(datetime.now(UTC))
    verdict = Verdict(
        Outcome.FAILED, f"{line.host} answers {response.status} {brief(response.reason, 50)}.", facts=facts
    )
    if not line.trusted:
        return replace(verdict, reason=f"{line.host}: {note}")
    if location:
        sentence = f"{line.host} points to {location}, which was not followed."
        return replace(verdict, outcome=Outcome.UNDETERMINED, reason=sentence)
    if response.status in ANSWERS:
        return replace(verdict, outcome=Outcome.PASSED, reason=" ".join(filter(None, (f"{line.host} answers.", note))))
    return verdict
