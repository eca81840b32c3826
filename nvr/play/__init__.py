"""Timeline, clips, live and stills from what was recorded."""
