"""
Events between services: outbox, RabbitMQ, inbox.

    outbox row -> relay -> exchange `events` -> quorum queue -> receiver -> handler, inbox row
                                                   ^    |
                                   wait queues (TTL)    `-> parked, after the last try

Shared, because all four services send or read events.

`handlers` is all that a service's worker sees; `process` runs it. `topology` names exchange and
queues, `broker` publishes with confirms, `relay` empties the outbox, `receiver` handles one
delivery and decides what becomes of it, `parking` is for operators. Only `container` knows
nameko, so leaving it would change one file.

This package file stays empty of imports: `process` must be able to make the standard library
green before anything else is imported.
"""
