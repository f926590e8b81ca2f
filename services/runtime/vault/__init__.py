"""The vault: secrets of clusters, sealed at rest, opened for named services alone."""
