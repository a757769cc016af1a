"""What is wrong with an installation, why, and what mends it: ``argent doctor``.

One module a subject. Each holds its faults (`channels.probe.Fault`, with texts) beside what finds
them, and only looks: `mending` alone changes something, and only when it is asked to.
"""
