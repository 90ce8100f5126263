"""What was said on a line, kept as evidence: both sides, escaped, cut, without secrets."""

import base64

from blueprints.gateways.evidence import shown

MOST_BYTES = 3_000  # of one side between two turns
MOST_TURNS = 60
HIDDEN = "(not kept)"


class Transcript:
    """Who said what, in turns. Lines of ours begin with “>”, of the server with “<”."""

    def __init__(self) -> None:
        self.turns: list[tuple[str, bytearray]] = []
        self.dropped = 0
        self.secrets: list[bytes] = []
        self.longest = 0  # bytes kept beyond what is shown, so that a secret is whole when it is looked for

    def hide(self, *secrets: str) -> None:
        """Never show these, whoever says them, nor what they are written as for signing in."""
        for secret in secrets:
            if secret:
                plain = secret.encode("utf-8", "surrogateescape")
                self.secrets += [plain, base64.b64encode(plain).rstrip(b"=")]
                self.secrets += [plain.replace(b"\\", b"\\\\").replace(b'"', b'\\"')]
        self.secrets.sort(key=len, reverse=True)
        self.longest = max(map(len, self.secrets), default=0)

    def add(self, side: str, data: bytes) -> None:
        if not self.turns or self.turns[-1][0] != side:
            if len(self.turns) >= MOST_TURNS:
                self.dropped += len(data)
                return
            self.turns.append((side, bytearray()))
        said = self.turns[-1][1]
        room = MOST_BYTES + self.longest - len(said)
        said += data[: max(room, 0)]
        self.dropped += max(len(data) - max(room, 0), 0)

    def __str__(self) -> str:
        told = "\n".join(self._shown(side, bytes(said)) for side, said in self.turns)
        return f"{told}\n… (cut: {self.dropped:,} bytes more)" if self.dropped else told

    def _shown(self, side: str, said: bytes) -> str:
        full = len(said) >= MOST_BYTES + self.longest
        for secret in self.secrets:
            said = said.replace(secret, HIDDEN.encode())
        if full and self.longest:
            said = said[: -self.longest]  # where a secret may begin whose end was not kept
        text = shown(said[:MOST_BYTES])
        return "\n".join(f"{side} {line}" for line in text.rstrip("\n").split("\n"))
