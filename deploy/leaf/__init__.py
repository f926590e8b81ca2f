"""Far-edge sites: the NATS servers at both ends of the link, and what runs at a site."""
