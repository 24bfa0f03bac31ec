"""Who has to publish in the region, who does, and since when."""
