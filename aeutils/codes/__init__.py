"""What can be done with codes: walks among them, search, slopes, sparsity, probes."""
