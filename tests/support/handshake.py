"""A TLS handshake in memory."""

import ssl


def shake_hands(client: ssl.SSLContext, server: ssl.SSLContext, name: str) -> str:
    """The common name of the client's certificate, as the server sees it. Raises `SSLError` as they do."""
    to_client, to_server = ssl.MemoryBIO(), ssl.MemoryBIO()
    ours = client.wrap_bio(to_client, to_server, server_hostname=name)
    theirs = server.wrap_bio(to_server, to_client, server_side=True)
    waiting = [ours, theirs]
    while waiting:
        side = waiting.pop(0)
        try:
            side.do_handshake()
        except ssl.SSLWantReadError:
            waiting.append(side)
    certificate = theirs.getpeercert()
    assert certificate is not None
    subject = {key: value for part in certificate["subject"] for key, value in part}
    return str(subject["commonName"])
