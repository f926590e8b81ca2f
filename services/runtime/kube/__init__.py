"""How API servers of clusters are asked: requests, lists, commands in pods, words for failures."""
