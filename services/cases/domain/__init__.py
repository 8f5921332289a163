"""Values and rules of cases. Pure: nothing here talks to a server, a database or a clock."""
