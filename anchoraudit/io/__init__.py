"""Access to the system: files, folders, documents, processes.

Reading has limits on size and depth. A file is written completely, or stays as it was.
"""
