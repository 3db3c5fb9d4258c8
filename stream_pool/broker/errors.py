"""What can go wrong between asking for a broker and having one."""

from stream_pool.errors import ExitCode, MisuseError, StreamPoolError


class BrokerMissingError(MisuseError):
    """A kind of broker that this machine cannot give; the message says what is missing."""

    reason = "broker_missing"


class BrokerStartError(StreamPoolError):
    """A broker did not come up or does not answer; the message ends with its last words."""

    reason = "broker_unavailable"
    exit_code = ExitCode.BROKER_UNAVAILABLE
