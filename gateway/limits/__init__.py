"""How often the gateway may be asked, by whom, and by how many at once."""
