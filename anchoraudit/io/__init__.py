"""What the system gives and takes: files, folders, documents, processes; bounded, and whole or not at all."""
