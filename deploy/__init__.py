"""Who runs where: the list of parts, the command line, the one-machine launcher and the images."""
