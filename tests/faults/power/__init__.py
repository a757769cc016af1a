"""What a power cut can leave of a state folder.

`deed` is one change of a file as the warden of a gateway recorded it, `platter` knows which of
these a disk owes, and `cuts` chooses what a disk had kept that was promised nothing.
"""
