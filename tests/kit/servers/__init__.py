"""
The servers that tests need, once for a whole run of pytest: PostgreSQL, Vault and RabbitMQ.

Where they come from is a *lane* (`SAS_TEST_LANE`): `local` starts the installed programs as the
stack does, `testcontainers` starts images, `given` takes servers that somebody else runs. The tests
are the same on each lane. A lane that can't be had is an error, never another lane.
"""
