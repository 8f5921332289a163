"""
A witness: somebody else's program that sees to it that our ledger only ever grows.

It is run by a trustee or another union on a machine of theirs, and trusts nothing of ours. So this
package needs Python's standard library and `cryptography`, and imports nothing from the rest of the
repository: it checks our proofs with arithmetic written apart from the arithmetic that made them.
"""
