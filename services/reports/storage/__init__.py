"""The tables of reports, the opening of sealed facts, and the question to consent."""
