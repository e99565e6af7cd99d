"""The real mail path: our mails through postfix, into dovecot, read back over IMAP. `make mailpath` runs it."""
