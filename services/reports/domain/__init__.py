"""Values and rules of reports. Pure: nothing here talks to a server, a database or a clock."""
