"""Language models: which are asked, within which bounds, and what is told where there is none."""
