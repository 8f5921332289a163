"""Rules and frozen values of identity. Nothing here knows of a database, a server or a key."""
