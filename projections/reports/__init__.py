"""Reports: one row for each that there is, and one for each that is made again and again."""
