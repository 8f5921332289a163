"""
Rendering: what a disclosure is made of becomes the one file that will leave.

Pages of files become pictures, so that what is under a block is gone and nothing else of the file
comes along: no text layer, script, attachment, history or author. Texts are set anew.

Files come from outside and may be hostile, so all of this runs in a process of its own
(`__main__.py`), which has no key, no connection, and little memory and time.
"""
