"""Makes reports: reads as whoever asks may, writes them in four formats, and keeps them a while."""
