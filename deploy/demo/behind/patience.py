"""How long the story waits for what travels on its own: mails, spans, facts."""

PATIENCE_SECONDS = 30
