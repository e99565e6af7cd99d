"""A believable Dutch team to look around in. Everything in it was really done, by the operations, at past instants."""
