"""Consents in forms that others read: pure functions, with ids and codes and nobody's words."""
