"""
The story of the whole path, told on real servers: `make demo`.

Each chapter does what people do, through the gateway, and then looks behind the scenes as an
attacker or an auditor would. A check that fails makes the demo fail.
"""
